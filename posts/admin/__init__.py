"""For operators: posts and where they stand, every attempt at them, and media files."""

from posts.admin import media, posts

__all__ = ["media", "posts"]

"""The pages and files of posts."""

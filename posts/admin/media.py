"""Media files."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chat33.operators import (
    INFO,
    NOTHING,
    SUCCESS,
    OwnedAdmin,
    WordFilter,
    anchor,
    change_url,
    display,
    excerpt,
    link,
    links,
    pill,
    words_of,
)
from posts.media import MAX_BYTES
from posts.models import Media, Post

BY_ORGANIZATION = ("organization", AutocompleteSelectFilter)


class KindFilter(WordFilter):
    """Pictures or videos."""

    title = "kind"
    parameter_name = "kind"
    words = words_of("kind", MAX_BYTES)


@admin.register(Media)
class MediaAdmin(OwnedAdmin):
    """Files of ours."""

    list_display = ["name", "public_id", "sort", "owner", "weight", "shape", "origin", "created_at"]
    list_filter = [KindFilter, BY_ORGANIZATION, "created_at"]
    search_fields = ["=public_id", "name"]
    search_help_text = "The whole media_…, or part of the name"
    fieldsets = [
        (None, {"fields": ["name", "public_id", "owner", "content_type", "weight", "shape", "opened"]}),
        ("Its rows", {"fields": ["original", "copies", "posts", "origin", "created_by", "created_at"]}),
    ]
    readonly_fields = ["owner", "weight", "shape", "opened", "original", "copies", "posts", "origin"]

    @display(description="Kind")
    def sort(self, media: Media) -> SafeString:
        """Colored."""
        return pill(media.kind, {"image": INFO, "video": SUCCESS})

    @display(description="Size", ordering="size")
    def weight(self, media: Media) -> str:
        """In MB of a million bytes."""
        return f"{media.size / 1e6:.2f} MB"

    @display(description="Shape")
    def shape(self, media: Media) -> str:
        """Pixels, and seconds of a video."""
        pixels = f"{media.width} by {media.height}" if media.width else NOTHING
        return f"{pixels}, {media.duration:.1f} s" if media.duration else pixels

    @display(description="Comes from")
    def origin(self, media: Media) -> str:
        """An upload, an address, or another file of ours."""
        if media.variant_of_id:
            return "made by us"
        return excerpt(media.source_url.partition("?")[0], 50) if media.source_url else "upload"

    @display(description="File")
    def opened(self, media: Media) -> SafeString:
        """The file itself."""
        return anchor(reverse("media", args=[media.token, media.name]), "open")

    @display(description="Made from")
    def original(self, media: Media) -> SafeString | str:
        """The file it is a copy of."""
        return link(media.variant_of)

    @display(description="Copies")
    def copies(self, media: Media) -> SafeString | str:
        """What was made of it for networks that would not take it as it is."""
        return (
            links({f"{copy.name} ({copy.variant_key})": change_url(Media, copy.pk) for copy in media.variants.all()})
            or NOTHING
        )

    @display(description="Posts")
    def posts(self, media: Media) -> SafeString | str:
        """The latest that show it."""
        found = Post.objects.filter(media_uses__media=media).order_by("-id")[:20]
        return links({post.public_id: change_url(Post, post.pk) for post in found}) or NOTHING

import re

from django.conf import settings
from django.db import migrations
from django.db.models import Q

BATCH = 2000
TOKEN = re.compile(r"([A-Za-z0-9_-]{43})(?:/|$)")


def tokens_of(post):
    begin = f"{settings.BASE_URL}/media/"
    urls = [url for url in (*post.media_urls, post.cover_image_url) if isinstance(url, str) and url.startswith(begin)]
    return {found[1] for url in urls if (found := TOKEN.match(url.removeprefix(begin)))}


def note_uses(apps, schema_editor):
    """Write down which files of ours the posts there are show, so many posts at a time."""
    Post, Media, MediaUse = (apps.get_model("posts", name) for name in ("Post", "Media", "MediaUse"))
    shown = Post.objects.filter(~Q(media_urls=[]) | ~Q(cover_image_url="")).order_by("pk")
    last = 0
    while posts := list(shown.filter(pk__gt=last).only("organization_id", "media_urls", "cover_image_url")[:BATCH]):
        last = posts[-1].pk
        wanted = {post.pk: tokens_of(post) for post in posts}
        tokens = set().union(*wanted.values())
        files = {media.token: media for media in Media.objects.filter(token__in=tokens)}
        MediaUse.objects.bulk_create(
            [
                MediaUse(organization_id=post.organization_id, media_id=pk, post_id=post.pk)
                for post in posts
                for pk in sorted(
                    {
                        files[token].variant_of_id or files[token].pk
                        for token in wanted[post.pk]
                        if token in files and files[token].organization_id == post.organization_id
                    }
                )
            ],
            ignore_conflicts=True,
        )


def forget_uses(apps, schema_editor):
    apps.get_model("posts", "MediaUse").objects.all().delete()


class Migration(migrations.Migration):
    atomic = False  # a batch a transaction: the posts go on meanwhile

    dependencies = [
        ("posts", "0005_media_library"),
    ]

    operations = [
        migrations.RunPython(note_uses, forget_uses),
    ]

"""``manage.py build_pixel``: make the pixel that websites load from its source."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.pixel.build import built
from tracking.pixel.script import BUILT, MOST, weight


class Command(BaseCommand):
    help = "Make tracking/static/tracking/pixel.js from tracking/pixel/pixel.js."

    def handle(self, *args: Any, **options: Any) -> None:
        script = built()
        size = weight(script)
        if size > MOST:
            raise CommandError(f"{size} bytes gzipped: {size - MOST} too many.")
        BUILT.write_text(script)
        self.stdout.write(f"{len(script.encode())} bytes, {size} gzipped.")

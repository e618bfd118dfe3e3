"""``manage.py rotate_keys``: encrypt every stored credential and secret with the first of CHAT33_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from integrations.services import reencrypt


class Command(BaseCommand):
    help = "Encrypt every stored credential and secret with the first of CHAT33_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reencrypt()} encrypted anew. The older keys may go from CHAT33_ENCRYPTION_KEYS now.")

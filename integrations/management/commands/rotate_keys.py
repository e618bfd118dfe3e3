"""``manage.py rotate_keys``: encrypt what is stored encrypted with the first of CHAT33_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from chat33.orgs import two_factor
from integrations.services import reencrypt


class Command(BaseCommand):
    help = "Encrypt every stored credential, secret and second factor with the first of CHAT33_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        done = reencrypt() + two_factor.reencrypt()
        self.stdout.write(f"{done} encrypted anew. The older keys may go from CHAT33_ENCRYPTION_KEYS now.")

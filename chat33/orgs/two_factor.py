"""Second factors at rest: what allauth keeps of them is encrypted (``chat33.orgs.adapter.MfaAdapter``)."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from chat33.lib.secrets import Cipher

SECRETS = ("secret", "seed")  # of a code generator, of recovery codes


def reencrypt() -> int:
    """Encrypt every stored second factor with the first of the keys, row by row. Returns how many."""
    box, done = Cipher(settings.ENCRYPTION_KEYS), 0
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().get(pk=pk)
            row.data |= {name: box.rotate(row.data[name]) for name in SECRETS if name in row.data}
            row.save(update_fields=["data"])
        done += 1
    return done

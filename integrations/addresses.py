"""Which addresses people may give us to send to or fetch from."""

import socket

from django.conf import settings

from chat33.lib.http import Guard, Refused, is_public

LONGEST = 2_000  # characters
_INSIDE = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")


def check_address(url: str) -> None:
    """Refuse an address that can never be reached from here, without asking any name server. Raises ``Refused``."""
    guard = Guard(frozenset(settings.ALLOW_PRIVATE_HOSTS))
    target = guard.check_url(url)
    host = target.host
    if {host, f"{host}:{target.port}"} & guard.allow_hosts:
        return
    if host.endswith(_INSIDE):
        raise Refused(f"The host {host} is not on the public internet.")
    try:
        answers = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    if not all(is_public(str(answer[4][0])) for answer in answers):
        raise Refused(f"The host {host} is not on the public internet.")

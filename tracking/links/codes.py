"""The codes of short links."""

import re
import secrets

# No vowels, so that no code spells a word, and nothing that is read as something else.
ALPHABET = "23456789bcdfghjkmnpqrstvwxyzBCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8  # 48 letters: 2.8e13 codes, of which a million links leave one in 28 million guesses
CHOSEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{1,30})[A-Za-z0-9]", re.ASCII)


def new_code() -> str:
    """A code nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))

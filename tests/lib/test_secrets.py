"""API keys can be told from junk without a query, and a stored secret opens in its own place alone."""

import base64
import zlib

import pytest

from chat33.lib.secrets import (
    BASE62,
    Cipher,
    Undecipherable,
    checksum,
    digest,
    new_cipher_key,
    new_key,
    prefix,
    well_formed,
)

CRC_CHECK = "123456789"  # every catalogue of CRCs gives CBF43926 for these digits


def test_the_checksum_is_crc_32_in_six_base62_digits() -> None:
    assert zlib.crc32(CRC_CHECK.encode()) == 0xCBF43926
    digits = checksum(CRC_CHECK)
    assert len(digits) == 6
    value = 0
    for digit in digits:
        value = value * 62 + BASE62.index(digit)
    assert value == 0xCBF43926


def test_the_checksum_is_the_one_github_puts_on_its_tokens() -> None:
    # an expired token's random part and checksum, without its prefix
    assert checksum("zQWBuTSOoRi4A9sp" + "HcVY5ncnsDkxkJ") == "0mLq17"


def test_a_small_checksum_keeps_its_zeros() -> None:
    assert checksum("") == "000000"


def test_a_new_key_is_well_formed_and_never_the_same() -> None:
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        assert key.startswith("sk_live_")
        assert len(key) == 44
        assert well_formed(key)
        assert set(key.removeprefix("sk_live_")) <= set(BASE62)


def test_every_single_typing_error_is_noticed() -> None:
    key = new_key()
    for at in range(len(key)):
        other = "A" if key[at] != "A" else "B"
        assert not well_formed(key[:at] + other + key[at + 1 :])


def test_junk_is_not_well_formed() -> None:
    key = new_key()
    for junk in ("", "sk_live_", key[:-1], key + "0", key + "\n", " " + key, key.replace("live", "test"), "é" * 44):
        assert not well_formed(junk)


def test_what_is_kept_of_a_key() -> None:
    key = new_key()
    assert prefix(key) == key[:12]
    assert len(digest(key)) == 64
    assert digest(key) == digest(key)
    assert digest(key) != digest(new_key())
    # NIST's SHA-256 example of "abc"
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_secret_comes_back() -> None:
    cipher = Cipher([new_cipher_key()])
    for plaintext in ("", "token", "with\0nul", "ünïcode 🔑", "x" * 10_000):
        hidden = cipher.encrypt(plaintext, context="chan_1")
        assert plaintext == "" or plaintext not in hidden
        assert cipher.decrypt(hidden, context="chan_1") == plaintext


def test_a_secret_copied_to_another_row_does_not_open() -> None:
    cipher = Cipher([new_cipher_key()])
    hidden = cipher.encrypt("token", context="chan_1")
    for elsewhere in ("chan_2", "", "chan_", "chan_11"):
        with pytest.raises(Undecipherable):
            cipher.decrypt(hidden, context=elsewhere)


def test_no_context_can_be_made_to_look_like_another() -> None:
    cipher = Cipher([new_cipher_key()])
    with pytest.raises(ValueError, match="NUL"):
        cipher.encrypt("token", context="chan_1\0")


def test_a_key_is_replaced_without_losing_a_secret() -> None:
    old, new = new_cipher_key(), new_cipher_key()
    hidden = Cipher([old]).encrypt("token", context="chan_1")
    both = Cipher([new, old])
    assert both.decrypt(hidden, context="chan_1") == "token"
    rotated = both.rotate(hidden)
    assert Cipher([new]).decrypt(rotated, context="chan_1") == "token"
    with pytest.raises(Undecipherable):
        Cipher([old]).decrypt(rotated, context="chan_1")


def test_what_was_not_made_with_these_keys_is_refused() -> None:
    cipher = Cipher([new_cipher_key()])
    hidden = cipher.encrypt("token", context="chan_1")
    altered = bytearray(base64.urlsafe_b64decode(hidden))
    altered[-1] ^= 1
    foreign = Cipher([new_cipher_key()]).encrypt("token", context="chan_1")
    for wrong in ("", "junk", "é", base64.urlsafe_b64encode(bytes(altered)).decode(), foreign, hidden[:-4]):
        with pytest.raises(Undecipherable):
            cipher.decrypt(wrong, context="chan_1")
        with pytest.raises(Undecipherable):
            cipher.rotate(wrong)


def test_a_cipher_without_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="Fernet"):
        Cipher([])

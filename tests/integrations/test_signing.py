"""What we sign, the public verifier of Standard Webhooks accepts, and nothing that was altered on the way."""

import base64
import time

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from integrations.signing import new_secret, sign

BODY = '{"status":"PUBLISHED","text":"Grüezi 👋"}'.encode()


def secret_of(key: str) -> str:
    return "whsec" + "_" + key


def signed(*secrets: str, body: bytes = BODY, message_id: str = "msg_1", at: int | None = None) -> dict[str, str]:
    timestamp = int(time.time()) if at is None else at
    return sign(secrets=secrets, message_id=message_id, timestamp=timestamp, body=body)


def test_the_example_of_the_specification() -> None:
    headers = sign(
        secrets=[secret_of("plJ3nmyCDGBKInavdOK15jsl")],
        message_id="msg_loFOjxBNrRLzqYUf",
        timestamp=1731705121,
        body=b'{"event_type":"ping","data":{"success":true}}',
    )
    assert headers == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }


def test_the_public_verifier_accepts_it() -> None:
    secret = new_secret()
    assert Webhook(secret).verify(BODY, signed(secret)) == {"status": "PUBLISHED", "text": "Grüezi 👋"}


def test_while_a_secret_is_replaced_both_are_accepted() -> None:
    new, old = new_secret(), new_secret()
    headers = signed(new, old)
    assert len(headers["webhook-signature"].split(" ")) == 2
    Webhook(new).verify(BODY, headers)
    Webhook(old).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)


def test_body_id_and_time_are_all_under_the_signature() -> None:
    secret = new_secret()
    headers = signed(secret)
    Webhook(secret).verify(BODY, headers)
    later = str(int(headers["webhook-timestamp"]) + 1)
    for altered_body, altered_headers in (
        (BODY + b" ", headers),
        (BODY, {**headers, "webhook-id": "msg_2"}),
        (BODY, {**headers, "webhook-timestamp": later}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(altered_body, altered_headers)


def test_an_old_message_cannot_be_played_again() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed(secret, at=int(time.time()) - 301))


def test_a_new_secret_is_32_random_bytes() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in made} == {32}


def test_malformed_secrets_and_ids_are_refused() -> None:
    short = base64.b64encode(bytes(15)).decode()
    long = base64.b64encode(bytes(65)).decode()
    for wrong in (
        "",
        "whsec_",
        secret_of(short),
        secret_of(long),
        secret_of("****"),
        base64.b64encode(bytes(32)).decode(),
    ):
        with pytest.raises(ValueError, match="secret"):
            signed(wrong)
    with pytest.raises(ValueError, match="secret"):
        signed()
    for wrong in ("", "a.b", "a b", "a\nb", "é"):
        with pytest.raises(ValueError, match="id"):
            signed(new_secret(), message_id=wrong)

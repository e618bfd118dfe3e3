"""A callback that a person sends to see one arrive: signed as all are, tried once, and not without limit."""

import pytest
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from chat33.api.errors import RateLimited
from chat33.lib.clock import utcnow
from chat33.lib.http import Refused
from integrations.callbacks import send_due, send_test_callback
from integrations.models import Callback, CallbackStatus
from integrations.services import signing_secrets
from tests.people import Person
from tests.sandboxes import RunningSandbox


def send(person: Person, url: str) -> Callback:
    return send_test_callback(organization=person.organization, url=url, overrides={}, now=utcnow())


def test_it_arrives_signed_as_every_callback_is(owner: Person, sandbox: RunningSandbox) -> None:
    callback = send(owner, f"{sandbox.url}/callbacks/try")

    assert send_due(seconds=60) == 1

    (came,) = sandbox.control("GET", "callbacks")["items"]
    headers = {name.lower(): value for name, value in came["headers"].items()}
    (secret,) = signing_secrets(organization=owner.organization, now=utcnow())
    body = Webhook(secret).verify(came["body"], headers)
    assert list(body) == ["postId", "status", "externalPostId", "externalPostUrl", "error"]
    assert (body["postId"], headers["webhook-id"]) == ("post_test", callback.public_id)
    callback.refresh_from_db()
    assert (callback.status, callback.attempts, callback.is_test) == (CallbackStatus.DELIVERED, 1, True)


def test_it_is_tried_once(owner: Person, sandbox: RunningSandbox) -> None:
    callback = send(owner, f"{sandbox.url}/nowhere")

    assert send_due(seconds=60) == 1

    callback.refresh_from_db()
    assert (callback.status, callback.due_at) == (CallbackStatus.FAILED, None)
    assert callback.last_error == "The receiver answered 404; 2xx is expected."


def test_so_many_an_hour(owner: Person, stranger: Person, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "TEST_CALLBACKS": "2/h"}
    for _ in range(2):
        send(owner, "https://example.com/")

    with pytest.raises(RateLimited):
        send(owner, "https://example.com/")
    send(stranger, "https://example.com/")
    assert Callback.objects.filter(organization=owner.organization).count() == 2


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "https://", "https://me:pass@example.com", "https://example.com/\n",
     "https://10.0.0.1/", "https://printer.local/", "https://example.com:8443/", "https://example.com/" + "a" * 2000],
)  # fmt: skip
def test_an_address_we_never_send_to_is_refused_and_costs_nothing(owner: Person, url: str) -> None:
    with pytest.raises(Refused):
        send(owner, url)

    assert not Callback.objects.exists()

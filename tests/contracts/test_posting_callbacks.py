"""Callbacks, as the public reference of the posting API writes them down, and the doors to their deliveries."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from chat33.lib.clock import utcnow
from integrations.callbacks import send_due
from integrations.models import Callback
from integrations.services import signing_secrets
from posts.models import Post
from tests.contracts.shapes import api, is_error
from tests.factories import make_callback, make_channel
from tests.people import Person
from tests.posts.flow import publish
from tests.sandboxes import RunningSandbox

pytestmark = pytest.mark.django_db

FIVE_FIELDS = {"postId", "status", "externalPostId", "externalPostUrl", "error"}


@dataclass
class Receiver:
    """An integrator's server, and what came to it."""

    url: str = ""
    status: int = 200
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.came.append((headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/webhook"
    yield kept
    server.shutdown()
    server.server_close()
    thread.join(5)


def published(person: Person, sandbox: RunningSandbox, callback_url: str, text: str = "Hello") -> dict[str, Any]:
    """A post with a callback, carried to its end."""
    channel = make_channel(person.organization, "x", account=sandbox.account("x"))
    body = {"accountIds": [channel.public_id], "text": text, "callbackUrl": callback_url}
    (made,) = api(person).send("POST", "posts", body).json()["posts"]
    publish(Post.objects.get(public_id=made["id"]), sandbox)
    return dict(api(person).send("GET", f"posts/{made['id']}").json())


def test_a_published_post_is_told(owner: Person, sandboxed: RunningSandbox, receiver: Receiver) -> None:
    post = published(owner, sandboxed, receiver.url)
    send_due(seconds=60)

    assert post["status"] == "PUBLISHED"
    ((headers, body),) = receiver.came
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "postId": post["id"],
        "status": "PUBLISHED",
        "externalPostId": post["externalPostId"],
        "externalPostUrl": post["externalPostUrl"],
        "error": None,
    }
    assert isinstance(post["externalPostId"], str)
    assert isinstance(post["externalPostUrl"], str)


def test_a_failed_post_is_told(owner: Person, sandboxed: RunningSandbox, receiver: Receiver) -> None:
    sandboxed.rule(
        "x", "commit", "error", times=1, status=403, body={"title": "Forbidden", "detail": "No.", "status": 403}
    )

    post = published(owner, sandboxed, receiver.url)
    send_due(seconds=60)

    assert post["status"] == "FAILED"
    told = json.loads(receiver.came[0][1])
    assert set(told) == FIVE_FIELDS
    assert (told["postId"], told["status"], told["externalPostId"]) == (post["id"], "FAILED", None)
    assert told["error"] == post["errorMessage"] != ""


def test_a_callback_is_signed(owner: Person, sandboxed: RunningSandbox, receiver: Receiver) -> None:
    published(owner, sandboxed, receiver.url)
    send_due(seconds=60)

    ((headers, body),) = receiver.came
    (secret,) = signing_secrets(organization=owner.organization, now=utcnow())
    assert Webhook(secret).verify(body, headers) == json.loads(body)
    assert headers["webhook-id"] == Callback.objects.get().public_id


def test_a_cancelled_post_is_not_told(owner: Person, receiver: Receiver) -> None:
    channel = make_channel(owner.organization, "x")
    body = {"accountIds": [channel.public_id], "text": "Hello", "callbackUrl": receiver.url}
    (made,) = api(owner).send("POST", "posts", body).json()["posts"]

    api(owner).send("DELETE", f"posts/{made['id']}")
    send_due(seconds=60)

    assert not receiver.came


def test_deliveries_are_listed_shown_and_sent_again(
    owner: Person, sandboxed: RunningSandbox, receiver: Receiver
) -> None:
    receiver.status = 500
    post = published(owner, sandboxed, receiver.url)
    send_due(seconds=60)

    page = api(owner).send("GET", f"callbacks?postId={post['id']}").json()
    (listed,) = page["items"]
    assert (listed["postId"], listed["status"], listed["attempts"]) == (post["id"], "PENDING", 1)
    assert set(listed["body"]) == FIVE_FIELDS
    shown = api(owner).send("GET", f"callbacks/{listed['id']}").json()
    assert [(attempt["number"], attempt["httpStatus"]) for attempt in shown["tries"]] == [(1, 500)]

    receiver.status = 200
    again = api(owner).send("POST", f"callbacks/{listed['id']}/resend").json()
    send_due(seconds=60)

    assert again["status"] == "PENDING"
    assert api(owner).send("GET", f"callbacks/{listed['id']}").json()["status"] == "DELIVERED"
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("POST", "/resend")])
def test_another_organizations_callback_is_not_found(owner: Person, stranger: Person, method: str, tail: str) -> None:
    callback = make_callback(owner.organization)

    is_error(api(stranger).send(method, f"callbacks/{callback.public_id}{tail}"), 404, "Not found")

    assert api(stranger).send("GET", "callbacks").json()["total"] == 0

"""What the developers' room looks like when it is lived in: keys, requests of every outcome, callbacks with their tries."""

from datetime import timedelta

from chat33.lib.clock import utcnow
from integrations.models import ApiKey, ApiRequest, Callback, CallbackAttempt, CallbackStatus
from integrations.services import create_api_key, revoke_api_key, rotate_signing_secret
from tests.factories import make_callback, make_channel, make_post
from tests.people import Person

BODY = {
    "postId": "post_abc123",
    "status": "PUBLISHED",
    "externalPostId": "17889341234",
    "externalPostUrl": "https://instagram.com/p/DFx1abc",
    "error": None,
}
CALLS = (
    ("GET", "/posts", "/api/v1/posts", 200, "", ""),
    ("POST", "/posts", "/api/v1/posts", 201, "", ""),
    ("POST", "/posts", "/api/v1/posts", 400, "VALIDATION_ERROR", "accountIds.0: There is no such account."),
    ("GET", "/posts/{id}", "/api/v1/posts/post_01jd2m8x3v9b4c5d6e7f8g9h0j", 404, "Not found", "Not found."),
    ("POST", "/posts", "/api/v1/posts", 429, "RATE_LIMIT", "The limit of 30 is reached. Try again in 1260 seconds."),
    ("GET", "/accounts", "/api/v1/accounts", 503, "UNAVAILABLE", "The service cannot answer right now."),
)


def live_in(owner: Person) -> None:
    """Everything, some of it of yesterday."""
    now, organization = utcnow(), owner.organization
    channel = make_channel(organization, "instagram", name="Demo Coffee")
    make_post(channel, text="New beans are in")
    website, _ = create_api_key(organization=organization, name="Website", by=owner.user)
    create_api_key(
        organization=organization, name="Report", by=owner.user, scopes=["accounts:read", "posts:read"],
        expires_at=now + timedelta(days=30),
    )  # fmt: skip
    old, _ = create_api_key(organization=organization, name="Old shop", by=owner.user)
    revoke_api_key(key=old, now=now)
    ApiKey.objects.filter(pk=website.pk).update(last_used_at=now - timedelta(minutes=4))
    log(owner, website)
    delivered = make_callback(
        organization, status=CallbackStatus.DELIVERED, attempts=2, body=BODY, delivered_at=now, subject="post_abc123"
    )
    make_callback(organization, attempts=1, body=BODY, due_at=now + timedelta(hours=2), last_error="It answered 500.")
    make_callback(organization, status=CallbackStatus.FAILED, attempts=13, body=BODY, last_error="410 Gone.")
    tries(delivered)
    rotate_signing_secret(organization=organization, now=now - timedelta(days=9))
    rotate_signing_secret(organization=organization, now=now)


def log(owner: Person, key: ApiKey) -> None:
    """A request of every outcome."""
    ApiRequest.objects.bulk_create(
        ApiRequest(
            organization=owner.organization, key=key, method=method, route=route, path=path, status=status, error=error,
            message=message, milliseconds=4.2 * (number + 1), request_id=f"req_01jd2m8x3v9b4c5d6e7f8g9h0{number}",
            address="192.0.2.7", client="python-requests/2.32", created_at=utcnow() - timedelta(minutes=9 - number),
        )
        for number, (method, route, path, status, error, message) in enumerate(CALLS)
    )  # fmt: skip


def tries(callback: Callback) -> None:
    """One that failed, and one that arrived."""
    headers = {"Content-Type": "application/json", "webhook-id": callback.public_id, "webhook-timestamp": "1776261575"}
    for number, status, error, head in (
        (1, 500, "The receiver answered 500; 2xx is expected.", "Oops"),
        (2, 200, "", "ok"),
    ):
        CallbackAttempt.objects.create(
            callback=callback, organization=callback.organization, number=number, http_status=status, error=error,
            milliseconds=84, address="192.0.2.9", request_headers=headers, response_head=head,
        )  # fmt: skip


def latest_request(owner: Person) -> str:
    """The address of one that failed."""
    row = ApiRequest.objects.filter(organization=owner.organization, status=400).latest("id")
    return f"/developers/requests/{row.public_id}/"


def delivered_callback(owner: Person) -> str:
    """The address of one that arrived at the second try."""
    row = Callback.objects.filter(organization=owner.organization, status=CallbackStatus.DELIVERED).latest("id")
    return f"/developers/callbacks/{row.public_id}/"

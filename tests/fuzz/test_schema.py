"""Every operation fuzzed from our own schema: nothing breaks it, and every reply is one that the schema promises.

The examples are the same at every run. ``CHAT33_FUZZ_EXAMPLES=1000`` looks further, at other ones each time.
"""

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils.crypto import get_random_string
from hypothesis import HealthCheck, settings
from pytest_django.fixtures import Settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.wsgi import application
from integrations.models import Channel
from posts.models import PostStatus
from tests.contracts.document import document
from tests.factories import make_callback, make_contact, make_post
from tests.media_files import jpeg
from tests.mediaserver import serving
from tests.people import Person
from tests.posts.flow import stored
from tests.tracking.links import make_link

EXAMPLES = int(os.environ.get("CHAT33_FUZZ_EXAMPLES", "0"))
CALLED = {"postId": "post_1", "status": "FAILED", "externalPostId": None, "externalPostUrl": None, "error": "No."}
REFUSED = ["400", "401", "403", "404", "409", "413", "415", "422"]

schema = schemathesis.openapi.from_dict(
    copy.deepcopy(document()),  # what is tried is written into its examples
    config=SchemathesisConfig.from_dict(
        {
            "generation": {
                "max-examples": EXAMPLES or 30,
                "deterministic": not EXAMPLES,
                "no-shrink": not EXAMPLES,
                "with-security-parameters": False,
            },
            "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
        }
    ),
)
schema.app = application


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of a picture."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "picture.jpg").write_bytes(jpeg())
    with serving(tmp_path) as url:
        yield f"{url}/media/picture/picture.jpg"


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    settings.LIMITS = dict.fromkeys(settings.LIMITS, "off")


@pytest.fixture(autouse=True)
def _one_connection(db: None) -> Iterator[None]:
    """The application stays in the transaction of the test, which a request's end would close."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def session(owner: Person) -> dict[str, Any]:
    """A logged-in browser's cookies and the proof that a write is its own, for the operations that take nothing else."""
    token = get_random_string(32)
    cookies = {name: morsel.value for name, morsel in owner.browser().cookies.items()}
    return {"cookies": {**cookies, "csrftoken": token}, "headers": {"X-CSRFToken": token}}


@pytest.fixture
def real(owner: Person, channel: Channel, elsewhere: str) -> dict[str, Any]:
    """What a valid request may name, by field: an account, a file of ours, a file of someone's, a zone, a time."""
    picture = stored(owner, "picture.jpg", jpeg())
    return {
        "accountIds": [channel.public_id],
        "mediaUrls": [picture],
        "coverImageUrl": picture,
        "url": elsewhere,
        "timezone": "Asia/Kolkata",
        "scheduledAt": f"{utcnow().year + 1}-04-15T14:00:00",
    }


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_every_reply_is_one_that_the_schema_promises(
    case: Case[Any], owner: Person, channel: Channel, real: dict[str, Any], session: dict[str, Any]
) -> None:
    assert case.meta is not None
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        _find_something(case, channel)
    if case.meta.generation.mode.is_positive:
        _mean_something(case, real)
    excluded: list[Any] = [
        positive_data_acceptance
    ]  # a schema cannot say which accounts there are, nor what a network takes
    if "" in (case.query or {}).values():
        excluded.append(negative_data_rejection)  # an empty filter is none
    if "/api-keys" in case.path:
        case.call_and_validate(excluded_checks=[*excluded, ignored_auth], **session)
    else:
        case.call_and_validate(excluded_checks=excluded, headers={"x-api-key": owner.key})


def _find_something(case: Case[Any], channel: Channel) -> None:
    """Let most ids be those of something: else all that has an id in its address would end at 404."""
    kind, given = case.path.split("/")[1], len(str((case.path_parameters or {}).get("id", "")))
    if given % 4 and kind == "posts":
        status, code = sorted(PostStatus)[given % len(PostStatus)], ("", "UNCONFIRMED")[given % 2]
        case.path_parameters["id"] = make_post(channel, status=status, error_code=code).public_id
    if given % 4 and kind == "contacts":
        case.path_parameters["id"] = make_contact(channel.organization, labels=["VIP"]).public_id
    if given % 4 and kind == "links":
        case.path_parameters["id"] = make_link(channel.organization).public_id
    if given % 4 and kind == "callbacks":
        case.path_parameters["id"] = make_callback(channel.organization, body=CALLED).public_id


def _mean_something(case: Case[Any], real: dict[str, Any]) -> None:
    """Let what a valid body names be there, and most keys for repeating be new: else all would end at 400 and 422."""
    if isinstance(case.body, dict):
        case.body |= {name: value for name, value in real.items() if case.body.get(name)}
    headers: Any = case.headers or {}
    if len(headers.get("Idempotency-Key", "")) % 4:
        case.headers["Idempotency-Key"] = new_id("try")

"""The code of the reference does what it says: each example in curl and in Python is run against a server that is up."""

import contextlib
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer
from standardwebhooks import Webhook

from chat33.dashboard.developing.verifying import PYTHON
from chat33.dashboard.reference.samples import CSRF, KEY, SESSION, Call, samples
from chat33.lib.clock import utcnow
from integrations.models import Channel
from integrations.signing import new_secret, sign
from tests import media_files
from tests.developers.operations import Shown, every_call, stand_for
from tests.mediaserver import serving
from tests.people import Person

CALLS = list(every_call())
pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reader(owner: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """The owner at a terminal: key and session in the environment, a picture in the folder."""
    browser = owner.browser()
    browser.get("/developers/api/")
    monkeypatch.setenv(KEY, owner.key)
    monkeypatch.setenv(SESSION, browser.cookies[settings.SESSION_COOKIE_NAME].value)
    monkeypatch.setenv(CSRF, browser.cookies["csrftoken"].value)
    (tmp_path / "photo.jpg").write_bytes(media_files.jpeg())
    monkeypatch.chdir(tmp_path)
    return owner


@pytest.fixture
def files(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The addresses of the examples' files, where they can be had."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "image.jpg").write_bytes(media_files.jpeg())
    (tmp_path / "served" / "video.mp4").write_bytes(media_files.mp4())
    with serving(tmp_path) as url:
        image, video = f"{url}/media/image/image.jpg", f"{url}/media/video/video.mp4"
        yield {
            "https://example.com/image.jpg": image,
            "https://example.com/video.mp4": video,
            "https://example.com/large-video.mp4": video,
        }


def code(call: Call, name: str) -> str:
    (found,) = [sample.code for sample in samples(call) if sample.name == name]
    return found


def by_curl(text: str) -> Any:
    """What the shell makes of it."""
    script = f'curl() {{ command curl -sS --fail-with-body "$@"; }}\n{text}\n'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout


def by_python(text: str) -> Any:
    """What Python prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "example.py", "exec"), {})
    text = printed.getvalue()
    return eval(text) if text.startswith("{") else text  # the printed dictionary


@pytest.mark.parametrize("shown", CALLS, ids=str)
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # as in any short example
def test_an_example_runs_as_it_is_shown(
    shown: Shown, reader: Person, channel: Channel, live_server: LiveServer, files: dict[str, str]
) -> None:
    answers = []
    for name, run in (("curl", by_curl), ("Python", by_python)):
        if name == "curl" and shutil.which("curl") is None:
            continue
        call = shown.call(live_server.url, {**stand_for(reader, channel, shown.page), **files})
        answers.append(run(code(call, name)))

    assert shown.page.reply is not None
    example = shown.page.reply.example
    assert example is not None
    if not shown.page.reply.is_json:
        assert [answer[:4] for answer in answers] == [example.value[:4]] * len(answers)
        return
    told = {"id", "deleted"} if shown.page.id == "deletePost" else set(example.value)
    for answer in answers:
        assert told <= set(answer)


def test_what_stands_on_the_page_is_what_was_run(reader: Person, channel: Channel) -> None:
    page = reader.browser().get("/developers/reference/create-post/").content.decode()

    assert channel.public_id in page
    assert "chan_abc123" not in page
    assert os.environ[KEY] not in page


def test_the_verifying_code_knows_what_is_genuine(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, older = new_secret(), new_secret()
    monkeypatch.setenv("CHAT33_WEBHOOK_SECRET", secret)
    space: dict[str, Any] = {}
    exec(PYTHON, space)
    now, body = int(utcnow().timestamp()), b'{"postId":"post_1"}'
    headers = sign(secrets=[older, secret], message_id="cb_1", timestamp=now, body=body)

    assert Webhook(secret).verify(body.decode(), headers)
    assert space["is_genuine"](headers, body)
    assert not space["is_genuine"](headers, body + b" ")
    assert not space["is_genuine"]({**headers, "webhook-id": "cb_2"}, body)
    assert not space["is_genuine"](sign(secrets=[older], message_id="cb_1", timestamp=now, body=body), body)
    assert not space["is_genuine"](sign(secrets=[secret], message_id="cb_1", timestamp=now - 400, body=body), body)

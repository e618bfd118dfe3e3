"""The sandbox's page in the admin: its rules, its clock and its posts, over real HTTP."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.dashboard.sandbox_desk import STEER
from integrations import control
from integrations.sandbox import control as doors
from tests.operators.test_access import staff
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox

URL = "/admin/sandbox/"
RULE = {"do": "add", "platform": "x", "step": "commit", "mode": "error", "times": 2, "status": 503, "seconds": 1}


def told(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def test_a_rule_is_added_listed_and_deleted(desk: Client, sandboxed: RunningSandbox) -> None:
    reply = desk.post(URL, {**RULE, "body": '{"title": "Down"}'}, follow=True)

    assert told(reply) == ["The rule is in place. It is played from the next request on."]
    (rule,) = sandboxed.control("GET", "rules")["items"]
    assert (rule["platform"], rule["step"], rule["times"], rule["status"]) == ("x", "commit", 2, 503)
    assert rule["body"] == {"title": "Down"}
    desk.post(URL, {**RULE, "platform": "*"})
    assert len(desk.get(URL).context["rules"]) == 2
    desk.post(URL, {"do": "drop", "rule": rule["id"]})
    assert [left["platform"] for left in sandboxed.control("GET", "rules")["items"]] == ["*"]
    desk.post(URL, {"do": "drop"})
    assert sandboxed.control("GET", "rules")["items"] == []


@pytest.mark.parametrize("wrong", [{"times": 0}, {"step": "dance"}, {"status": 200}, {"seconds": 1e9}, {"body": "{"}])
def test_a_rule_that_makes_no_sense_is_not_sent(desk: Client, sandboxed: RunningSandbox, wrong: dict[str, Any]) -> None:
    reply = desk.post(URL, {**RULE, **wrong})

    assert reply.status_code == 200
    assert reply.context["form"].errors
    assert sandboxed.control("GET", "rules")["items"] == []


def test_its_clock_is_moved(desk: Client, sandboxed: RunningSandbox) -> None:
    before = desk.get(URL).context["now"]

    desk.post(URL, {"do": "clock", "advance": "86400"})

    assert (desk.get(URL).context["now"] - before).total_seconds() >= 86400
    assert desk.post(URL, {"do": "clock", "advance": "-1"}).status_code == 200


def test_what_it_made_visible_is_listed_by_network(desk: Client, owner: Person, sandboxed: RunningSandbox) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    post = publish(queued(channel, text="Seen by everybody"), sandboxed)

    assert post.status == "PUBLISHED"
    assert [seen["text"] for seen in desk.get(URL).context["posts"]] == ["Seen by everybody"]
    assert desk.get(URL, {"platform": "tiktok"}).context["posts"] == []
    assert desk.get(URL, {"platform": "'<script>"}).status_code == 200


def test_one_that_is_away_is_told_as_such(desk: Client, settings: Settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"

    assert "does not answer" in desk.get(URL).content.decode()
    assert "does not answer" in told(desk.post(URL, RULE, follow=True))[0]


def test_an_installation_without_one_has_no_such_page(desk: Client, settings: Settings) -> None:
    settings.SANDBOX_URL = ""

    assert desk.get(URL).status_code == 404
    assert URL not in desk.get("/admin/").content.decode()


def test_only_who_may_steer_it_gets_there(owner: Person, sandboxed: RunningSandbox) -> None:
    assert staff("posts.change_post").get(URL).status_code == 403
    assert staff("posts.change_post").post(URL, {"do": "drop"}).status_code == 403
    assert staff(STEER).get(URL).status_code == 200
    assert owner.browser().get(URL).status_code == 302
    assert Client().get(URL).status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = staff(STEER).cookies
    assert forged.post(URL, {"do": "drop"}).status_code == 403


def test_it_knows_the_sandbox_s_steps_and_modes() -> None:
    assert control.STEPS == doors.STEPS
    assert tuple(control.MODES) == doors.MODES

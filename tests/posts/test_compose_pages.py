"""The composer through its doors: who may come in, what a form becomes, and what each refusal says."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from posts.models import Media, Post, PostStatus, Review
from posts.written import sealed
from tests.factories import make_channel, make_member, make_post
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import queued, stored

PAGES = ["/posts/new/", "/posts/reviews/"]
DOORS = ["/posts/compose/check/", "/posts/compose/save/", "/posts/compose/send/", "/posts/reviews/decide/"]
SCRIPT = {"X-Requested-With": "fetch"}


def person(owner: Person, role: Role) -> Person:
    return Person(make_member(owner.organization, role), owner.organization, "")


@pytest.fixture
def contributor(owner: Person) -> Person:
    return person(owner, Role.CONTRIBUTOR)


@pytest.fixture
def accounts(owner: Person) -> Any:
    return [make_channel(owner.organization, platform) for platform in ("facebook", "x")]


def form(channels: Any, **more: Any) -> dict[str, Any]:
    return {"channel": [channel.public_id for channel in channels], "text": "Good morning", "when": "now", **more}


def post_to(who: Person, door: str, data: dict[str, Any]) -> Any:
    return who.browser().post(f"/posts/compose/{door}/", data, headers=SCRIPT, format="multipart")


def seen(*posts: Post) -> list[str]:
    return [f"{post.public_id}:{post.fence}" for post in posts]


class TestWhoComesIn:
    @pytest.mark.parametrize("path", PAGES)
    def test_members_who_may_see_it(self, owner: Person, accounts: Any, path: str) -> None:
        make_post(accounts[0])

        assert owner.browser().get(path).status_code == 200

    def test_a_viewer_writes_nothing(self, owner: Person, accounts: Any) -> None:
        viewer = person(owner, Role.VIEWER).browser()
        post = make_post(accounts[0])

        assert viewer.get("/posts/reviews/").status_code == 200
        assert viewer.get("/posts/new/").status_code == 403
        assert viewer.get(f"/posts/{post.public_id}/edit/").status_code == 403
        assert {viewer.post(door, form(accounts), format="multipart").status_code for door in DOORS} == {403}
        assert Post.objects.count() == 1

    def test_nobody_is_led_to_the_login_and_a_script_is_told(self, client: Any, accounts: Any) -> None:
        assert client.get("/posts/new/")["Location"] == "/accounts/login/?next=/posts/new/"
        assert {client.post(door, headers=SCRIPT).status_code for door in DOORS} == {401}

    def test_another_organization_s_post_is_not_there(self, stranger: Person, accounts: Any) -> None:
        post = make_post(accounts[0])

        assert stranger.browser().get(f"/posts/{post.public_id}/edit/").status_code == 404
        reply = stranger.browser().post(
            "/posts/reviews/decide/", {"seen": seen(post), "action": "approve"}, format="multipart"
        )
        assert reply.status_code == 404

    def test_a_forged_form_is_refused(self, owner: Person, accounts: Any) -> None:
        browser = owner.browser(csrf=True)

        assert {browser.post(door, form(accounts), format="multipart").status_code for door in DOORS} == {403}
        assert not Post.objects.exists()

    @pytest.mark.parametrize("name", ["post_nothing", "nonsense", "post_01m7z7jvqzeh6vjbb386anfkge"])
    def test_an_id_that_nobody_has_is_not_there(self, owner: Person, name: str) -> None:
        assert owner.browser().get(f"/posts/{name}/edit/").status_code == 404


class TestBeginning:
    def test_other_pages_lead_here_with_a_time_a_file_and_an_account(self, owner: Person, accounts: Any) -> None:
        picture = stored(owner, "cup.jpg", jpeg(640, 640))
        media = Media.objects.get()
        at = utcnow() + timedelta(days=3)

        page = owner.browser().get(
            f"/posts/new/?at={at:%Y-%m-%d}T09:15&media={media.public_id}&account={accounts[1].public_id}"
        )

        text = page.content.decode()
        assert f'value="{picture}"' in text
        assert f'value="{at:%Y-%m-%d}"' in text
        assert 'value="09:15"' in text
        assert text.count(" checked") >= 2
        assert re.search(rf'value="{accounts[1].public_id}"[^>]* checked', text)
        assert not re.search(rf'value="{accounts[0].public_id}"[^>]* checked', text)

    @pytest.mark.parametrize("query", ["at=never", "at=%00", "media=x&media=%00", "account=%00", "at=" + "9" * 500])
    def test_nonsense_begins_an_empty_one(self, owner: Person, accounts: Any, query: str) -> None:
        assert owner.browser().get(f"/posts/new/?{query}").status_code == 200


class TestSaving:
    def test_a_draft_is_kept_faults_and_all(self, owner: Person, accounts: Any) -> None:
        reply = post_to(owner, "save", form(accounts, text="a" * 300, own="x", **{"text.x": "b" * 300}))

        told = reply.json()
        assert reply.status_code == 200
        posts = list(Post.objects.order_by("id"))
        assert told["seen"] == seen(*posts)
        assert told["edit"] == f"/posts/{posts[0].public_id}/edit/"
        assert {(post.status, post.text, post.platform_config["x"]["text"]) for post in posts} == {
            ("DRAFT", "a" * 300, "b" * 300)
        }

    def test_the_page_shows_what_was_saved(self, owner: Person, accounts: Any) -> None:
        picture = stored(owner, "cup.jpg", jpeg(640, 640))
        data = form(
            accounts, media=picture, alt='A "cup" <b>', first_comment="Recipe", own="x", when="at", day="2030-01-15",
            clock="09:30", **{"text.x": "Short", "option.x.replySettings": "following"},
        )  # fmt: skip
        with time_machine.travel(datetime(2029, 1, 1, tzinfo=ZoneInfo("UTC"))):
            page = owner.browser().get(post_to(owner, "save", data).json()["edit"]).content.decode()

        for part in (
            ">Good morning</textarea>", ">Short</textarea>", ">Recipe</textarea>", 'value="A &quot;cup&quot; &lt;b&gt;"',
            'value="2030-01-15"', 'value="09:30"', '<option value="following" selected>', f'value="{picture}"',
        ):  # fmt: skip
            assert part in page, part

    def test_line_ends_count_once_and_nul_is_left_out(self, owner: Person, accounts: Any) -> None:
        post_to(owner, "save", form(accounts, text="One\r\nTwo\x00"))

        assert set(Post.objects.values_list("text", flat=True)) == {"One\nTwo"}

    def test_saving_changes_no_post_that_is_scheduled(self, owner: Person, accounts: Any) -> None:
        post = queued(accounts[0], text="Before")

        reply = post_to(owner, "save", form(accounts[:1], seen=seen(post)))

        assert reply.status_code == 409
        assert "scheduled by now" in reply.json()["message"]
        post.refresh_from_db()
        assert (post.text, post.status) == ("Before", "QUEUED")

    def test_what_another_tab_saved_is_not_written_over_unless_asked(self, owner: Person, accounts: Any) -> None:
        first = post_to(owner, "save", form(accounts)).json()["seen"]
        post_to(owner, "save", form(accounts, seen=first, text="From one tab"))

        refused = post_to(owner, "save", form(accounts, seen=first, text="From another"))
        assert (refused.status_code, refused.json()["overwrite"]) == (409, True)
        assert set(Post.objects.values_list("text", flat=True)) == {"From one tab"}

        forced = post_to(owner, "save", form(accounts, seen=first, text="From another", force="yes"))
        assert forced.status_code == 200
        assert list(Post.objects.values_list("text", flat=True)) == ["From another"] * 2

    def test_a_first_save_whose_answer_was_lost_makes_no_second_draft(self, owner: Person, accounts: Any) -> None:
        from chat33.lib.ids import new_id

        key = sealed(new_id("post"))
        post_to(owner, "save", form(accounts, key=key))
        post_to(owner, "save", form(accounts, key=key, text="Again"))

        assert list(Post.objects.values_list("text", flat=True)) == ["Again"] * 2

    def test_an_id_of_one_s_own_making_is_not_taken(self, owner: Person, accounts: Any) -> None:
        post_to(owner, "save", form(accounts[:1], key="post_01m7z7jvqzeh6vjbb386anfkge"))
        post_to(owner, "save", form(accounts[:1], key="post_01m7z7jvqzeh6vjbb386anfkge:forged"))

        assert not Post.objects.filter(public_id="post_01m7z7jvqzeh6vjbb386anfkge").exists()

    def test_only_accounts_and_files_of_the_organization_come_of_it(
        self, owner: Person, stranger: Person, accounts: Any
    ) -> None:
        theirs = make_channel(stranger.organization)
        picture = stored(stranger, "theirs.jpg", jpeg(640, 640))
        elsewhere = "http://169.254.169.254/latest"

        post_to(owner, "save", form([*accounts, theirs], media=[picture, elsewhere], alt=["", ""], cover=picture))

        assert Post.objects.filter(channel=theirs).count() == 0
        assert {(tuple(urls), cover) for urls, cover in Post.objects.values_list("media_urls", "cover_image_url")} == {
            ((), "")
        }

    def test_files_elsewhere_that_it_had_stay(self, owner: Person, accounts: Any) -> None:
        post = make_post(accounts[0], media_urls=["https://example.com/a.jpg"], media_type="image")

        post_to(owner, "save", form(accounts[:1], seen=seen(post), media="https://example.com/a.jpg", alt=""))

        post.refresh_from_db()
        assert (post.text, post.media_urls) == ("Good morning", ["https://example.com/a.jpg"])

    @pytest.mark.parametrize(
        "nonsense",
        [
            {"channel": ["\x00", "chan_\x00", "x" * 10_000]}, {"seen": ["post_x:y", ":", "\x00:1"]}, {"media": "\x00"},
            {"when": "never"}, {"when": "at", "day": "2026-02-31", "clock": "25:61"}, {"media_type": "song"},
            {"own": ["myspace", "x"]}, {"option.x.replySettings": "\x00nobody"}, {"key": "\x00"}, {"text": "\ud7ff\x01"},
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("door", ["save", "check", "send"])
    def test_nonsense_gets_an_answer(self, owner: Person, accounts: Any, door: str, nonsense: dict[str, Any]) -> None:
        reply = post_to(owner, door, {**form(accounts), "action": "publish", **nonsense})

        assert reply.status_code in (200, 409, 422), reply.content[:300]


class TestSending:
    def test_it_is_scheduled_in_the_organization_s_zone(self, owner: Person, accounts: Any) -> None:
        owner.organization.timezone = "America/New_York"
        owner.organization.save()
        tomorrow = (utcnow().astimezone(ZoneInfo("America/New_York")) + timedelta(days=1)).date()

        reply = post_to(owner, "send", form(accounts, action="publish", when="at", day=f"{tomorrow}", clock="09:00"))

        assert reply.status_code == 200, reply.content
        at = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=ZoneInfo("America/New_York"))
        assert (
            list(Post.objects.values_list("status", "scheduled_at", "due_at", "timezone"))
            == [("QUEUED", at, at, "America/New_York")] * 2
        )

    def test_a_fault_names_its_field_and_nothing_is_sent(self, owner: Person, accounts: Any) -> None:
        reply = post_to(owner, "send", form(accounts, text="a" * 300, action="publish"))

        assert (reply.status_code, reply.json()["path"]) == (422, "text")
        assert "at most 280" in reply.json()["html"]
        assert not Post.objects.exists()

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({"day": "", "clock": ""}, "scheduledAt"),
            ({"day": "2020-01-01", "clock": "09:00"}, "scheduledAt"),
            ({"day": "2099-01-01", "clock": "09:00"}, "scheduledAt"),
        ],
    )
    def test_a_time_that_cannot_be_meant_is_not_sent(
        self, owner: Person, accounts: Any, given: dict[str, str], path: str
    ) -> None:
        reply = post_to(owner, "send", form(accounts, action="publish", when="at", **given))

        assert (reply.status_code, reply.json()["path"]) == (422, path)
        assert not Post.objects.exists()

    def test_a_scheduled_one_changes_and_goes_back_to_the_drafts(self, owner: Person, accounts: Any) -> None:
        post = queued(accounts[0], text="Before", scheduled_at=utcnow() + timedelta(days=1))
        keep = {"when": "keep", "seen": seen(post)}

        assert post_to(owner, "send", form(accounts[:1], action="publish", **keep)).status_code == 200
        post.refresh_from_db()
        assert (post.text, post.status) == ("Good morning", "QUEUED")

        keep = {"when": "keep", "seen": seen(post)}
        assert post_to(owner, "send", form(accounts[:1], action="draft", **keep)).status_code == 200
        post.refresh_from_db()
        assert (post.status, post.due_at) == ("DRAFT", None)

    def test_one_s_own_post_does_not_stand_in_its_own_way(self, owner: Person, accounts: Any) -> None:
        at = utcnow().replace(second=0, microsecond=0) + timedelta(days=1)
        post = queued(accounts[0], text="Good morning", scheduled_at=at)
        data = form(accounts[:1], when="at", day=f"{at:%Y-%m-%d}", clock=f"{at:%H:%M}")

        assert b"same minute" not in post_to(owner, "check", {**data, "seen": seen(post)}).content
        assert b"same minute" in post_to(owner, "check", data).content


class TestApproval:
    def test_a_contributor_asks_and_an_editor_approves(
        self, contributor: Person, teammate: Person, accounts: Any
    ) -> None:
        page = contributor.browser().get("/posts/new/").content.decode()
        assert 'value="publish"' not in page

        reply = post_to(contributor, "send", form(accounts, action="ask", note="Ready?"))
        assert reply.status_code == 200, reply.content
        posts = list(Post.objects.order_by("id"))
        assert {post.status for post in posts} == {"DRAFT"}

        queue = teammate.browser().get("/posts/reviews/").content.decode()
        assert "Ready?" in queue
        decided = teammate.browser().post(
            "/posts/reviews/decide/", {"seen": seen(*posts), "action": "approve"}, format="multipart"
        )
        assert decided.status_code == 302
        assert set(Post.objects.values_list("status", flat=True)) == {"QUEUED"}
        assert "Nothing waits" in teammate.browser().get("/posts/reviews/").content.decode()

    def test_no_door_lets_a_contributor_publish(self, contributor: Person, teammate: Person, accounts: Any) -> None:
        scheduled = queued(accounts[0], text="Scheduled", scheduled_at=utcnow() + timedelta(days=1))
        failed = make_post(accounts[0], status=PostStatus.FAILED, error_code="MEDIA")
        post_to(contributor, "send", form(accounts, action="ask"))
        drafts = list(Post.objects.filter(status="DRAFT").order_by("id"))
        before = list(Post.objects.order_by("id").values())
        browser = contributor.browser()

        assert post_to(contributor, "send", form(accounts, action="publish")).status_code == 403
        assert post_to(contributor, "send", form(accounts, action="publish", seen=seen(*drafts))).status_code == 403
        for action in ("publish", "draft", "ask"):
            reply = post_to(contributor, "send", form(accounts[:1], action=action, seen=seen(scheduled)))
            assert reply.status_code in (403, 409)
        assert post_to(contributor, "save", form(accounts[:1], seen=seen(scheduled))).status_code in (403, 409)
        assert post_to(contributor, "save", form(accounts[:1], seen=seen(scheduled), force="1")).status_code in (
            403,
            409,
        )
        assert browser.get(f"/posts/{scheduled.public_id}/edit/").status_code == 403
        for action in ("approve", "decline"):
            browser.post(
                "/posts/reviews/decide/", {"seen": seen(*drafts), "action": action, "comment": "x"}, format="multipart"
            )
        for method, path, body in (
            ("POST", "posts", {"accountIds": [accounts[0].public_id], "text": "Hi"}),
            ("PATCH", f"posts/{drafts[0].public_id}", {"status": "QUEUED"}),
            ("PATCH", f"posts/{scheduled.public_id}", {"text": "Changed"}),
            ("POST", f"posts/{failed.public_id}/retry", None),
            ("POST", f"posts/{failed.public_id}/duplicate", {"status": "QUEUED"}),
            ("POST", f"posts/{failed.public_id}/reconcile", None),
            ("POST", f"posts/{failed.public_id}/resolve", {"as": "published"}),
            ("DELETE", f"posts/{scheduled.public_id}", None),
        ):
            assert browser.send(method, path, body).status_code == 403, (method, path)

        assert list(Post.objects.order_by("id").values()) == before
        assert set(Review.objects.values_list("verdict", flat=True)) == {""}

    def test_it_is_sent_back_with_words_that_the_author_reads(
        self, contributor: Person, teammate: Person, accounts: Any
    ) -> None:
        told = post_to(contributor, "send", form(accounts, action="ask")).json()
        posts = list(Post.objects.order_by("id"))
        data = {"seen": seen(*posts), "action": "decline", "comment": "Too <long>"}

        teammate.browser().post("/posts/reviews/decide/", data, format="multipart")

        assert "Too &lt;long&gt;" in contributor.browser().get(told["edit"]).content.decode()

    def test_what_was_not_looked_at_is_not_approved(self, contributor: Person, teammate: Person, accounts: Any) -> None:
        told = post_to(contributor, "send", form(accounts, action="ask")).json()
        posts = list(Post.objects.order_by("id"))
        post_to(contributor, "save", form(accounts, seen=told["seen"], text="Something else"))

        data = {"seen": seen(*posts), "action": "approve"}
        page = teammate.browser().post("/posts/reviews/decide/", data, format="multipart", follow=True)

        assert "changed while you looked" in page.content.decode()
        assert set(Post.objects.values_list("status", flat=True)) == {"DRAFT"}
        assert "Changed since" in page.content.decode()


class TestCost:
    def cost(self, who: Person, path: str) -> int:
        browser = who.browser()
        browser.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        return len(captured)

    def test_twenty_rows_cost_as_many_queries_as_one(self, owner: Person, contributor: Person) -> None:
        def more() -> Post:
            channel = make_channel(owner.organization, "x")
            post_to(contributor, "send", form([channel], action="ask"))
            return Post.objects.latest("id")

        post = more()
        paths = ["/posts/new/", "/posts/reviews/", f"/posts/{post.public_id}/edit/"]
        one = [self.cost(owner, path) for path in paths]
        for _ in range(19):
            more()

        assert [self.cost(owner, path) for path in paths] == one

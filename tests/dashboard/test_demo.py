"""The demo's month: believable, settled where it is past, quick, made once, and made anew when asked."""

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.db.models import Q
from pytest_django.fixtures import Settings

from chat33.dashboard.demo import demo_facts
from chat33.dashboard.demo_month import empty_month, fill_month
from chat33.lib.clock import utcnow
from chat33.lib.secrets import digest
from chat33.orgs.models import Organization
from chat33.runtime.layout import Layout
from posts.allowance import allowances
from posts.attention import attention
from posts.models import Attempt, Post, PostStatus
from posts.queue import due_posts
from posts.services import retry_post
from tests.posts.flow import publish
from tests.sandboxes import RunningSandbox
from tracking.links.signing import link_keys
from tracking.links.targets import asked, signed_by
from tracking.models import Token

PASSWORD = "correct horse battery"


@pytest.fixture
def demo(db: None, sandboxed: RunningSandbox, tmp_path: Path, settings: Settings) -> Organization:
    """The demo organization with its month."""
    settings.LAYOUT = Layout(tmp_path)
    facts = demo_facts(now=utcnow())
    organization = Organization.objects.get(public_id=facts["organization"])
    began = time.process_time()  # of ours alone: other work on the machine makes no difference
    assert fill_month(organization=organization, password=PASSWORD, now=utcnow())
    assert time.process_time() - began < 5
    return organization


def test_a_month_is_there_past_and_to_come_and_nothing_of_it_is_due(demo: Organization) -> None:
    now = utcnow()

    assert {status: Post.objects.filter(status=status).count() > 3 for status in ("PUBLISHED", "QUEUED", "DRAFT")} == {
        "PUBLISHED": True, "QUEUED": True, "DRAFT": True,
    }  # fmt: skip
    assert due_posts(10) == 0
    assert not Post.objects.filter(status=PostStatus.QUEUED, due_at__lt=now + timedelta(hours=2)).exists()
    assert demo.memberships.count() == 3
    assert {cause.kind for cause in attention(organization=demo, now=now).causes} == {
        "network",
        "content",
        "unconfirmed",
    }


def test_what_it_published_can_be_looked_at_and_took_nothing_of_today(
    demo: Organization, sandbox: RunningSandbox
) -> None:
    published = list(Post.objects.filter(status=PostStatus.PUBLISHED))
    for post in published:
        assert post.external_post_url is not None
    page = requests.get(str(published[0].external_post_url), timeout=60)

    assert page.status_code == 200
    assert (published[0].text or "")[:20] in page.text
    assert sandbox.posts() == []
    stands = allowances(channels=list(demo.channels.all()), now=utcnow())
    assert {stand.used for stand in stands.values()} == {0}


def test_every_past_post_says_how_it_came_about(demo: Organization) -> None:
    told = set(Attempt.objects.values_list("post", flat=True))

    assert set(Post.objects.filter(~Q(status__in=("DRAFT", "QUEUED"))).values_list("pk", flat=True)) == told


def test_what_had_trouble_goes_out_when_it_is_retried(demo: Organization, sandbox: RunningSandbox) -> None:
    post = Post.objects.filter(error_code="PLATFORM").earliest("id")
    retry_post(post=post, now=utcnow(), by="usr_somebody")

    assert publish(post, sandbox).status == "PUBLISHED"


def test_it_is_made_once_and_anew_when_asked(demo: Organization) -> None:
    before = Post.objects.count()
    assert not fill_month(organization=demo, password=PASSWORD, now=utcnow())
    assert Post.objects.count() == before

    empty_month(organization=demo)
    assert (Post.objects.count(), demo.media.count(), demo.memberships.count()) == (0, 0, 1)
    assert fill_month(organization=demo, password=PASSWORD, now=utcnow())
    assert Post.objects.count() == before


def test_its_pictures_follow_the_installation_to_another_address(demo: Organization, settings: Settings) -> None:
    settings.BASE_URL = "http://127.0.0.1:9999"
    demo_facts(now=utcnow(), moved=True)

    waiting = Post.objects.filter(status__in=("DRAFT", "QUEUED")).exclude(media_urls=[])
    assert waiting
    assert all(url.startswith("http://127.0.0.1:9999/media/") for post in waiting for url in post.media_urls)


def test_it_has_what_opens_the_doors_of_tracking_and_gets_it_where_it_is_missing(
    db: None, sandboxed: RunningSandbox, tmp_path: Path, settings: Settings
) -> None:
    settings.LAYOUT = Layout(tmp_path)
    facts = demo_facts(now=utcnow())
    organization = Organization.objects.get(public_id=facts["organization"])

    kinds = {"mmp_token": "server", "mmp_secret": "mmp", "pixel_token": "pixel"}
    for name, kind in kinds.items():
        assert Token.objects.get(digest=digest(facts[name]), organization=organization, revoked_at=None).kind == kind
    assert organization.contacts.filter(public_id=facts["contact_id"]).exists()
    assert organization.domains.get(host=facts["verified_host"]).verified_at is not None
    target, given, signature = asked(facts["tracked_link"].partition("?")[2])
    assert given["cid"] == facts["contact_id"]
    assert signed_by(link_keys(), target, given, signature) == organization.public_id

    older = {name: value for name, value in facts.items() if name not in (*kinds, "tracked_link", "verified_host")}
    settings.LAYOUT.demo_file.write_text(json.dumps(older))
    again = demo_facts(now=utcnow())
    assert again.keys() == facts.keys()
    assert Token.objects.get(digest=digest(again["mmp_secret"])).is_live(utcnow())
    assert not Token.objects.get(digest=digest(facts["mmp_secret"])).is_live(utcnow())
    assert demo_facts(now=utcnow()) == again
    settings.BASE_URL = "http://127.0.0.1:9"
    assert demo_facts(now=utcnow(), moved=True)["tracked_link"].startswith("http://127.0.0.1:9/api/t?")

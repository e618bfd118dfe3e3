"""Every list and every page of the admin opens, in as many queries for many rows as for one, and shows no secret."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, OutgoingEmail, User, ViewAs
from contacts.models import Contact
from integrations.channels import account
from integrations.models import ApiKey, Callback, Channel, Notice, SigningSecret
from posts.models import Attempt, Media, Post
from tests.factories import make_callback, make_post
from tests.operators.rows import fill

MODELS: list[type[Model]] = sorted(admin.site._registry, key=lambda model: model._meta.label)


def address(model: type[Model], rest: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{rest}"


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_everything_has_a_list() -> None:
    ours = {"ApiKey", "ApiRequest", "Attempt", "Callback", "Channel", "ConnectAttempt", "Contact", "Domain", "Group",
            "Heartbeat", "IdempotencyRecord", "Import", "Invitation", "Label", "LimitUse", "Link", "Media", "Notice",
            "Organization", "OutgoingEmail", "Package", "Post", "Postback", "Rule", "SigningSecret", "StoreAggregate",
            "Token", "User", "ViewAs"}  # fmt: skip
    assert {model.__name__ for model in MODELS} == ours


def test_a_list_of_twenty_costs_as_many_queries_as_a_list_of_one(desk: Client) -> None:
    fill(1)
    for model in MODELS:
        desk.get(address(model))  # content types are remembered from the first time on
    one = {model.__name__: queries(desk, address(model)) for model in MODELS}
    for number in range(2, 21):
        fill(number)

    assert {model.__name__: queries(desk, address(model)) for model in MODELS} == one
    assert max(one.values()) <= 12


def test_every_row_s_page_and_history_open_and_every_list_is_searched(desk: Client) -> None:
    fill(1)
    for model in MODELS:
        row = model._default_manager.order_by("pk").last()
        assert row is not None
        assert desk.get(address(model, f"{row.pk}/change/")).status_code == 200
        assert desk.get(address(model, f"{row.pk}/history/")).status_code == 200
        if admin.site._registry[model].search_fields:
            assert not desk.get(address(model), {"q": "nothing that is there"}).context["cl"].result_list


FILTERS: list[tuple[type[Model], str, int]] = [
    (Post, "status__exact=FAILED", 1),
    (Post, "status__exact=DRAFT", 0),
    (Post, "trouble=failed", 1),
    (Post, "trouble=unconfirmed", 0),
    (Post, "trouble=held", 0),
    (Post, "trouble=late", 0),
    (Post, "trouble=crashed", 0),
    (Post, "channel__platform__exact=x", 1),
    (Post, "channel__platform__exact=tiktok", 0),
    (Attempt, "step=commit", 1),
    (Attempt, "category=quota", 0),
    (Media, "kind=image", 1),
    (Media, "kind=video", 0),
    (Channel, "health=ok", 1),
    (Channel, "health=disconnected", 0),
    (Channel, "platform__exact=x", 1),
    (Callback, "status__exact=PENDING", 1),
    (Callback, "status__exact=FAILED", 0),
    (Notice, "state=open", 1),
    (Notice, "state=resolved", 0),
    (OutgoingEmail, "state=waiting", 1),
    (OutgoingEmail, "state=given_up", 0),
    (OutgoingEmail, "state=sent", 0),
    (ViewAs, "state=running", 1),
    (ViewAs, "state=over", 0),
    (Contact, "state=there", 1),
    (Contact, "state=deleted", 0),
    (ApiKey, "state=live", 1),
    (ApiKey, "state=expired", 0),
    (ApiKey, "state=revoked", 0),
]


def test_a_filter_finds_what_it_names(desk: Client) -> None:
    fill(1)

    for model, query, found in FILTERS:
        assert len(desk.get(f"{address(model)}?{query}").context["cl"].result_list) == found, query


def test_rows_lead_to_each_other(desk: Client) -> None:
    fill(1)
    post, channel, media, organization = (
        Post.objects.get(), Channel.objects.get(), Media.objects.get(), Organization.objects.get(),
    )  # fmt: skip
    attempt, callback, notice = Attempt.objects.get(), Callback.objects.get(), Notice.objects.get()

    def page(row: Model) -> str:
        return desk.get(address(type(row), f"{row.pk}/change/")).content.decode()

    def leads(row: Model, *targets: str) -> None:
        text = page(row)
        assert [target for target in targets if f'href="{target}"' not in text] == []

    to_post, to_channel = address(Post, f"{post.pk}/change/"), address(Channel, f"{channel.pk}/change/")
    to_organization, to_media = (
        address(Organization, f"{organization.pk}/change/"), address(Media, f"{media.pk}/change/"),
    )  # fmt: skip
    leads(post, to_channel, to_organization, to_media, f"{address(Callback)}?q={post.public_id}")
    leads(post, address(Attempt, f"{attempt.pk}/change/"))
    leads(attempt, to_post, to_organization)
    leads(media, to_post, to_organization)
    leads(callback, f"{address(Post)}?q={post.public_id}", to_organization)
    leads(notice, to_channel, to_organization)
    leads(channel, f"{address(Post)}?channel__id__exact={channel.pk}", to_organization)
    for model in (Channel, Post, Media, ApiKey, Callback, Notice):
        leads(organization, f"{address(model)}?organization__id__exact={organization.pk}")
    for url in (f"{address(Post)}?q={post.public_id}", f"{address(Callback)}?q={post.public_id}"):
        assert len(desk.get(url).context["cl"].result_list) == 1


def test_no_page_shows_what_opens_something(desk: Client) -> None:
    fill(1)
    channel, key, secret = Channel.objects.get(), ApiKey.objects.get(), SigningSecret.objects.get()
    Channel.objects.update(metadata={"access_token": "EAA" + "x" * 30, "pageId": "1"})
    hidden = [
        channel.credentials, account(channel).credentials.access_token, key.digest, secret.secret,
        "t0ps3cret", "signature=1", "EAA" + "x" * 30,
    ]  # fmt: skip

    for model in MODELS:
        row: Any = model._default_manager.order_by("pk").last()
        for url in (address(model), address(model, f"{row.pk}/change/")):
            text = desk.get(url).content.decode()
            assert [value for value in hidden if value != "none" and value in text] == [], url


def test_the_opening_page_tells_what_needs_a_person(desk: Client) -> None:
    fill(1)
    page = desk.get("/admin/")

    cards = {card["title"]: card["value"] for card in page.context["cards"]}
    assert cards["Failed posts"] == 1
    assert cards["Open notices"] == 1
    assert cards["Unconfirmed posts"] == 0
    assert Post.objects.get().public_id in page.content.decode()
    assert "worker:1" in page.content.decode()


def test_it_tells_what_went_out_by_hour_and_what_was_refused_by_why(desk: Client, channel: Channel) -> None:
    now = utcnow()
    post = make_post(channel)

    def tried(event: str, hours: float, category: str = "") -> None:
        Attempt.objects.create(
            post=post, organization=post.organization, event=event, category=category,
            created_at=now - timedelta(hours=hours),
        )  # fmt: skip

    for hours in (0, 0, 2, 30):
        tried("publish_success", hours)
    for category in ("media", "media", "quota", ""):
        tried("publish_failure", 1, category)
    tried("publish_failure", 25, "quota")
    page = desk.get("/admin/").context

    assert page["published"] == 3
    assert [hour["count"] for hour in page["hours"] if hour["count"]] == [1, 2]
    assert page["categories"][0]["name"] == "media"
    assert {row["name"]: row["count"] for row in page["categories"]} == {"media": 2, "quota": 1, "our side": 1}
    for row in page["categories"]:
        assert len(desk.get(row["url"]).context["cl"].result_list) == row["count"], row


def test_it_tells_how_far_each_queue_is_behind(desk: Client, channel: Channel) -> None:
    def lags() -> dict[str, tuple[float, str]]:
        cards = desk.get("/admin/").context["lags"]
        return {
            card["title"]: (float(str(card["value"]).removesuffix(" s")), card["color"])
            for card in cards
            if "due" in card["title"]
        }

    assert set(lags().values()) == {(0, "success")}
    now = utcnow()
    make_post(channel, status="QUEUED", due_at=now - timedelta(minutes=5))
    make_callback(channel.organization, due_at=now - timedelta(seconds=30))
    make_callback(channel.organization, due_at=now + timedelta(hours=1))

    found = lags()
    assert found["Posts due"][0] >= 300
    assert found["Posts due"][1] == "danger"
    assert 30 <= found["Callbacks due"][0] < 60
    assert found["Callbacks due"][1] == "info"


def test_the_opening_page_costs_the_same_with_many_rows(desk: Client) -> None:
    fill(1)
    desk.get("/admin/")
    one = queries(desk, "/admin/")
    for number in range(2, 12):
        fill(number)

    assert queries(desk, "/admin/") == one


def test_a_person_s_password_is_a_hash_to_nobody(desk: Client, operator: User) -> None:
    text = desk.get(address(User, f"{operator.pk}/change/")).content.decode()

    assert operator.password not in text
    assert operator.password.split("$")[-1] not in text

"""A month of the demo organization: what it has published, what went wrong, what is planned, and who works there.

Everything of the past is settled and takes no place in today's allowance; what is planned goes out at the sandbox by
itself when its time comes.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from chat33.dashboard import demo_pictures
from chat33.dashboard.demo_words import OCCASIONS, Occasion
from chat33.orgs.models import Membership, Organization, Role, User
from integrations.channels import http_client
from integrations.models import Channel
from integrations.providers.base import Category, Step
from integrations.providers.instagram_errors import ERRORS as INSTAGRAM
from posts.media import media_url
from posts.models import Attempt, DismissedCause, Media, Post, PostStatus
from posts.outcomes import BACKOFF, UNCONFIRMED, UNCONFIRMED_MESSAGE, Failure, given_up
from posts.preflight import Content
from posts.services import Plan, create_posts

PEOPLE = (
    ("mia@chat33.example", "Mia Torres", Role.EDITOR),
    ("sam@chat33.example", "Sam Okafor", Role.CONTRIBUTOR),
)
CAPTION_TOO_LONG = 36004  # Instagram's code


@transaction.atomic
def fill_month(*, organization: Organization, password: str, now: datetime) -> bool:
    """Fill the organization, whose people log in with ``password``. False when it was filled before."""
    if User.objects.filter(email=PEOPLE[0][0], memberships__organization=organization).exists():
        return False
    Month(organization, now, _people(organization, password)).fill()
    return True


@transaction.atomic
def empty_month(*, organization: Organization) -> None:
    """Forget every post and file of the organization, the month's people, and what the sandbox showed of it."""
    http_client().request("DELETE", f"{settings.SANDBOX_URL}/_control/earlier")
    organization.posts.all().delete()
    DismissedCause.objects.filter(organization=organization).delete()
    for media in organization.media.all():
        media.file.delete(save=False)
    organization.media.all().delete()
    User.objects.filter(email__in=[email for email, _, _ in PEOPLE]).delete()


def move_month(*, organization: Organization, was: str) -> None:
    """Name the files of what is still to go out by this installation's address, which ``was`` another one."""
    rows = organization.posts.filter(status__in=(PostStatus.DRAFT, PostStatus.QUEUED)).exclude(media_urls=[])
    for post in rows:
        moved = [url.replace(f"{was}/media/", f"{settings.BASE_URL}/media/", 1) for url in post.media_urls]
        if moved != post.media_urls:
            rows.filter(pk=post.pk).update(media_urls=moved)


def _people(organization: Organization, password: str) -> list[User]:
    owner = organization.memberships.select_related("user").filter(role=Role.OWNER).earliest("id").user
    found = [owner]
    for email, name, role in PEOPLE:
        person = User.objects.filter(email=email).first() or User.objects.create_user(email, password, name=name)
        Membership.objects.get_or_create(organization=organization, user=person, defaults={"role": role})
        found.append(person)
    return found


@dataclass(frozen=True)
class _Shown:
    """Where the sandbox shows a post."""

    id: str
    url: str


class Month:
    """The filling, for one organization at one moment."""

    def __init__(self, organization: Organization, now: datetime, people: list[User]) -> None:
        self.organization = organization
        self.now = now
        self.people = people
        self.channels: dict[str, Channel] = {}
        for channel in organization.channels.filter(is_sandbox=True).order_by("-id"):
            self.channels[channel.platform] = channel
        self.media: dict[str, Media] = {}
        self.entries: list[Attempt] = []

    def fill(self) -> None:
        """Make everything."""
        drawn = {name: demo_pictures.picture(name) for name in demo_pictures.NAMES}
        self.media = {name: self._stored(name, body) for name, body in drawn.items()}
        made = [(occasion, post) for occasion in OCCASIONS for post in self._posts(occasion)]
        out = [(occasion, post) for occasion, post in made if occasion.outcome == "published"]
        shown = _show(drawn, [self._told(occasion, post) for occasion, post in out])
        for (_, post), place in zip(out, shown, strict=True):
            self._published(post, place)
        for occasion, post in made:
            self._failed(occasion, post)
        settled = [post for _, post in made if post.settled_at is not None]
        names = ["status", "published_at", "settled_at", "external_post_id", "external_post_url", "error_code",
                 "error_message", "retry_count", "step", "intent_at", "reads"]  # fmt: skip
        Post.objects.bulk_update(settled, names)
        Attempt.objects.bulk_create(self.entries)

    def _posts(self, occasion: Occasion) -> list[Post]:
        at = self._at(occasion)
        channels = [self.channels[platform] for platform in occasion.platforms if platform in self.channels]
        picture = self.media.get(occasion.picture)
        content = Content(
            text=occasion.text,
            media_urls=(media_url(picture),) if picture else (),
            media_type="image" if picture else None,
            platform_config={"altTexts": [demo_pictures.TITLES[occasion.picture]]} if picture else {},
        )
        status = PostStatus.QUEUED if occasion.outcome == "scheduled" else PostStatus.DRAFT
        return create_posts(
            organization=self.organization,
            channels=channels,
            content=content,
            plan=Plan(scheduled_at=at, timezone=self.organization.timezone, status=status),
            by=self.people[len(occasion.text) % len(self.people)].public_id,
            now=min(at, self.now) - timedelta(days=1, minutes=len(occasion.text) % 90),
        )

    def _at(self, occasion: Occasion) -> datetime:
        if occasion.at.startswith("+"):
            return (self.now + timedelta(minutes=int(occasion.at))).replace(second=0, microsecond=0)
        hour, minute = map(int, occasion.at.split(":"))
        local = self.now.astimezone(ZoneInfo(self.organization.timezone)) + timedelta(days=occasion.day)
        return local.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def _stored(self, name: str, body: bytes) -> Media:
        token = secrets.token_urlsafe(32)
        media = Media(
            organization=self.organization,
            token=token,
            name=f"{name}.jpg",
            kind="image",
            content_type="image/jpeg",
            size=len(body),
            width=demo_pictures.SIDE,
            height=demo_pictures.SIDE,
            alt_text=demo_pictures.TITLES[name],
            tags=list(demo_pictures.TAGS[name]),
            created_by=self.people[0].public_id,
            created_at=self.now - timedelta(days=29),
        )
        media.file.save(f"{self.organization.public_id}/{token}.jpg", ContentFile(body))
        return media

    def _told(self, occasion: Occasion, post: Post) -> dict[str, Any]:
        channel = post.channel
        at = self._at(occasion).astimezone(self.now.tzinfo).isoformat()
        media = [occasion.picture] if occasion.picture else []
        return {
            "platform": channel.platform,
            "remote_id": channel.remote_id,
            "text": post.text,
            "media": media,
            "at": at,
        }

    def _published(self, post: Post, place: _Shown) -> None:
        began = post.scheduled_at or self.now
        post.status, post.step = PostStatus.PUBLISHED, str(Step.DONE)
        post.published_at = began + timedelta(seconds=4)
        post.settled_at = began + timedelta(seconds=5)
        post.external_post_id, post.external_post_url = place.id, place.url
        self._entry(post, 1, "publish_attempt", "fetch", message="The files are ready.")
        if post.media_urls:
            self._entry(post, 2, "publish_attempt", Step.PREPARE, http_status=200)
        self._entry(post, 3, "publish_intent", Step.COMMIT, message="The post is about to be sent.")
        self._entry(post, 4, "publish_attempt", Step.COMMIT, http_status=200, milliseconds=412)
        self._entry(post, 5, "publish_success", Step.DONE, message="The post is live.")

    def _failed(self, occasion: Occasion, post: Post) -> None:
        network = post.channel.get_platform_display()
        if occasion.outcome == "trouble":
            failure = Failure(
                code="PLATFORM", message="", category=str(Category.PLATFORM), source="platform", retryable=True,
                provider_code="http-503", provider_message="Service Unavailable", http_status=503,
            )  # fmt: skip
            self._fail(post, given_up(failure, network=network), tries=len(BACKOFF))
        elif occasion.outcome == "caption":
            meaning = INSTAGRAM.classify(code=CAPTION_TOO_LONG, subcode=0, status=400, transient=False)
            failure = Failure(
                code=str(meaning.category).upper(), message=meaning.sentence, category=str(meaning.category),
                source=meaning.source, provider_code=str(CAPTION_TOO_LONG), http_status=400,
                provider_message="The caption was too long.",
            )  # fmt: skip
            self._fail(post, failure, tries=0)
        elif occasion.outcome == "unclear":
            self._unconfirmed(post)

    def _fail(self, post: Post, failure: Failure, *, tries: int) -> None:
        seconds = 3.0
        self._entry(post, 1, "publish_attempt", "fetch", message="The files are ready.")
        told = {
            "http_status": failure.http_status, "provider_code": failure.provider_code, "category": failure.category,
            "source": failure.source, "retryable": failure.retryable, "message": failure.provider_message,
        }  # fmt: skip
        for number in range(tries):
            post.retry_count = number
            following = f"It is tried again in {BACKOFF[number]:.0f} seconds."
            self._entry(post, seconds, "publish_retry", Step.COMMIT, next_action=following, **told)
            seconds += BACKOFF[number]
        post.retry_count = tries
        self._entry(post, seconds, "publish_failure", Step.COMMIT, next_action=failure.message, **told)
        self._settle(post, seconds, failure.code, failure.message)

    def _unconfirmed(self, post: Post) -> None:
        post.step, post.reads, post.intent_at = str(Step.COMMIT), 5, post.scheduled_at
        self._entry(post, 1, "publish_attempt", "fetch", message="The files are ready.")
        self._entry(post, 2, "publish_intent", Step.COMMIT, message="The post is about to be sent.")
        looking = "The account is read to see whether it went out."
        self._entry(post, 32, "publish_doubt", Step.COMMIT, category=str(Category.NETWORK), source="system",
                    message="No answer within 30 seconds.", next_action=looking)  # fmt: skip
        for seconds in (34, 39, 49):
            self._entry(post, seconds, "publish_read", Step.COMMIT, http_status=200, message="unknown")
        self._entry(post, 69, "publish_unconfirmed", Step.COMMIT, http_status=200, next_action=UNCONFIRMED_MESSAGE)
        self._settle(post, 69, UNCONFIRMED, UNCONFIRMED_MESSAGE)

    def _settle(self, post: Post, seconds: float, code: str, message: str) -> None:
        post.status, post.error_code, post.error_message = PostStatus.FAILED, code, message
        post.settled_at = (post.scheduled_at or self.now) + timedelta(seconds=seconds)

    def _entry(self, post: Post, seconds: float, event: str, step: str, **facts: Any) -> None:
        at = (post.scheduled_at or self.now) + timedelta(seconds=seconds)
        self.entries.append(
            Attempt(
                post=post,
                organization=self.organization,
                event=event,
                created_at=at,
                attempt=post.retry_count + 1,
                step=str(step),
                **facts,
            )
        )


def _show(drawn: Mapping[str, bytes], told: list[dict[str, Any]]) -> Iterator[_Shown]:
    """Have the sandbox show what was published before it was there."""
    http = http_client()
    names = {}
    for name, body in drawn.items():
        headers = {"Content-Type": "image/jpeg"}
        kept = http.request("POST", f"{settings.SANDBOX_URL}/_control/files", data=body, headers=headers).json()
        names[name] = kept["name"]
    items = [{**item, "media": [names[name] for name in item["media"]]} for item in told]
    reply = http.request("POST", f"{settings.SANDBOX_URL}/_control/earlier", json={"items": items})
    for shown in reply.json()["items"]:
        yield _Shown(shown["id"], shown["url"])

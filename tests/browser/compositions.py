"""Compositions to look at: a draft for every network, and one that waits for approval."""

from datetime import timedelta

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Role
from posts.composing import Composition, Piece
from posts.drafts import Timing, save_composition
from posts.models import Post, PostStatus
from posts.reviews import ask_for_approval
from tests.factories import make_channel, make_member
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import stored

TEXT = """Our winter roast is here ☕

Beans from three farms we have known for years, roasted on Tuesday. Come by and taste it before everybody else does.
https://example.com/winter-roast #coffee #winter"""


def compose(owner: Person) -> list[Post]:
    """A draft with two pictures for every network, with a text of its own for X and something to fix on YouTube."""
    organization = owner.organization
    organization.timezone = "America/New_York"
    organization.save()
    channels = [
        make_channel(organization, platform, name=name)
        for platform, name in (
            ("instagram", "Demo Coffee"), ("facebook", "Demo Coffee Roasters"), ("tiktok", "demo.coffee"),
            ("youtube", "Demo Coffee TV"), ("x", "Demo Coffee"),
        )
    ]  # fmt: skip
    pictures = tuple(
        Piece(url=stored(owner, f"roast-{number}.jpg", jpeg(1080, 1080, seed=number)), alt="A cup of the new roast")
        for number in (1, 2)
    )
    return save_composition(
        membership=Membership.objects.select_related("organization", "user").get(user=owner.user),
        composition=Composition(
            channels=tuple(channels),
            text=TEXT,
            texts={"x": "Our winter roast is here ☕ Come by and taste it."},
            media=pictures,
            first_comment="How do you brew yours?",
        ),
        timing=Timing(when="at", at=utcnow() + timedelta(days=2), timezone=organization.timezone),
        status=PostStatus.DRAFT,
        seen={},
        now=utcnow(),
    )


def ask(owner: Person) -> None:
    """The same, waiting for approval."""
    posts = compose(owner)
    contributor = make_member(owner.organization, Role.CONTRIBUTOR, email="kim@example.com", name="Kim Okafor")
    membership = Membership.objects.select_related("organization", "user").get(user=contributor)
    ask_for_approval(membership=membership, posts=posts, note="Is the tone right for winter?", now=utcnow())


def edit_address(owner: Person) -> str:
    """Where it is edited."""
    return f"/posts/{Post.objects.filter(organization=owner.organization).earliest('id').public_id}/edit/"

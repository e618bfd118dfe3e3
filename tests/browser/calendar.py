"""A month of posts and a file of them, to look at."""

import random
from datetime import timedelta

from chat33.lib.clock import utcnow
from posts.imports import run_imports, start_import
from posts.models import Import, Slot
from posts.slots import SUGGESTED, set_slots
from tests.factories import make_channel, make_post
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import stored

TEXTS = (
    "Fresh beans from Huila are in the roaster this morning",
    "Latte art class on Saturday, six places left",
    "Behind the counter with Maya",
    "Our new cold brew is here",
    "Monday needs a double",
)


def a_month(owner: Person) -> None:
    """Posts in every state on several accounts, some that clash, one with a picture; queue times."""
    owner.organization.timezone = "America/New_York"
    owner.organization.save()
    names = {"x": "Demo Coffee", "instagram": "Demo Coffee Roasters", "facebook": "Demo Coffee", "tiktok": "democoffee"}
    channels = [make_channel(owner.organization, platform, name=name) for platform, name in names.items()]
    chance, now = random.Random(3), utcnow().replace(minute=0, second=0, microsecond=0)
    picture = stored(owner, "cup.jpg", jpeg(640, 640))
    for number in range(50):
        at = now + timedelta(
            days=chance.randint(-18, 16), hours=chance.randint(-5, 8), minutes=chance.choice([0, 15, 30])
        )
        states = ["QUEUED"] * 4 + ["DRAFT"] if at > now else ["PUBLISHED"] * 6 + ["FAILED", "CANCELLED"]
        status = chance.choice(states)
        make_post(
            chance.choice(channels), status=status, text=chance.choice(TEXTS), scheduled_at=at,
            published_at=at if status == "PUBLISHED" else None, media_urls=[picture] if number % 5 == 0 else [],
        )  # fmt: skip
    for number in range(6):
        at = now + timedelta(hours=2, minutes=20 * (number // 2))
        held = at if number == 3 else None
        make_post(channels[0], status="QUEUED", text=TEXTS[number % 2], scheduled_at=at, held_until=held)
    set_slots(channel=channels[0], times=SUGGESTED)


def a_file(owner: Person) -> None:
    """An import with good rows and faulty ones."""
    make_channel(owner.organization, "x", name="Demo Coffee")
    body = f"text,accounts,status,mood\nHello there,x,draft,good\n{'x' * 300},x,scheduled,bad\nHi,nobody,draft,\n"
    start_import(
        organization=owner.organization, name="may.csv", body=body.encode(), timezone="America/New_York",
        by=owner.user.public_id, now=utcnow(),
    )  # fmt: skip
    run_imports(seconds=60)


def channel_of(owner: Person) -> str:
    """The account that has queue times."""
    return Slot.objects.filter(organization=owner.organization)[0].channel.public_id


def import_of(owner: Person) -> str:
    """The latest import."""
    return Import.objects.filter(organization=owner.organization).latest("id").public_id

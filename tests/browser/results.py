"""A month of what came back, for the pages that show it."""

from chat33.dashboard.demo_results import fill_results, settle_results
from chat33.lib.clock import utcnow
from contacts.models import TimelineEntry
from tests.factories import make_channel
from tests.people import Person
from tracking.attribution.recount import start_recount
from tracking.models import Event


def a_month(owner: Person) -> None:
    """The demo's, with everything that follows from it."""
    for platform in ("instagram", "facebook", "tiktok"):
        make_channel(owner.organization, platform, name="Demo Coffee")
    fill_results(organization=owner.organization, now=utcnow())
    settle_results()


def a_recount(owner: Person) -> None:
    """A period that is being worked out anew."""
    today = utcnow().date()
    start_recount(organization=owner.organization, first=today, last=today, by="test", now=utcnow())


def a_purchase(owner: Person) -> str:
    """The latest purchase's page."""
    rows = Event.objects.filter(organization=owner.organization, name="purchase")
    return f"/tracking/events/{rows.latest('received_at').key}/"


def a_buyer(owner: Person) -> str:
    """The page of the contact who bought last."""
    rows = TimelineEntry.objects.filter(organization=owner.organization, kind="purchase").select_related("contact")
    return f"/contacts/{rows.latest('at').contact.public_id}/"

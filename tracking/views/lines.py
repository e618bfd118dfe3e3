"""An event as a line of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat33.orgs.models import Organization
from contacts.models import Contact, Kind
from tracking.models import Event, Link
from tracking.results.exploring import named_by
from tracking.telling import kind_of, place_of, title_of

ICONS: Mapping[str, str] = {
    Kind.CLICK: "cursor-arrow-rays", Kind.PAGE: "globe-alt", Kind.PURCHASE: "banknotes",
    Kind.INSTALL: "device-phone-mobile", Kind.EVENT: "bolt",
}  # fmt: skip
SOURCES = {"pixel": "Pixel", "server": "Events API", "link": "Link", "mmp": "MMP"}
CAUSES = {"person": "Person", "server": "Server", "bot": "Bot", "preview": "Preview", "prefetch": "Prefetch"}
DEVICES = {"ios": "iPhone, iPad", "android": "Android", "desktop": "Computer"}


@dataclass(frozen=True)
class Line:
    """What a list shows of an event."""

    event: Event
    title: str
    icon: str
    contact: Contact | None
    link: Link | None

    @property
    def where(self) -> str:
        """The page, without what could name somebody."""
        return place_of(self.event.url)

    @property
    def referrer(self) -> str:
        """The host that it came from."""
        return place_of(self.event.referrer).removeprefix("www.")

    @property
    def device(self) -> str:
        """On what: a device of a person, or who drew a preview."""
        return DEVICES.get(self.event.agent, self.event.agent)

    @property
    def source(self) -> str:
        """Through which door it came."""
        return SOURCES.get(self.event.source, self.event.source)

    @property
    def by(self) -> str:
        """Who caused it."""
        return CAUSES.get(self.event.by, self.event.by)


def lines_of(organization: Organization, events: Sequence[Event]) -> list[Line]:
    """The lines, with whom and what they name."""
    named = named_by(organization, events)
    return [
        Line(
            event=event,
            title=title_of(event),
            icon=ICONS.get(kind_of(event), "bolt"),
            contact=named.contacts.get(event.contact_ref),
            link=named.links.get(event.link_id) if event.link_id else None,
        )
        for event in events
    ]

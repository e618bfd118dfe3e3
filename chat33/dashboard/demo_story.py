"""What came back to the demo organization: its links, the people who followed them and what they did, by chance that is the
same each time.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DAYS = 57  # this month's worth, and as much before it to compare with
EVERY = 2  # days between two people who get a link of their own
SHOP = "https://demo-coffee.example"
BUSY = (0.8, 0.75, 0.85, 0.95, 1.1, 1.35, 1.2)  # from Monday on
HOURS = (8, 8, 9, 9, 10, 12, 12, 13, 15, 17, 17, 18, 19, 20, 20, 21)
PEOPLE = (
    "Grace Hopper", "Änne Öztürk", "Jonas Weber", "Priya Nair", "Lucía Fernández", "Tom Baker", "Aiko Tanaka", "Omar Haddad",
    "Chloé Martin", "Ben Okoye", "Sofia Rossi", "Emil Larsen", "Nora Kim", "Mateo Silva", "Hannah Schmidt", "Yusuf Demir",
    "Olivia Brown", "Lars Jansen", "Mei Chen", "Elena Petrova", "Samuel Green", "Amina Diallo", "Viktor Novák", "Ruth Levy",
)  # fmt: skip
PAGES = ("/", "/menu", "/shop", "/shop/sunday-morning", "/shop/gift-card", "/courses/barista", "/about", "/app")
REFERRERS = (
    "https://www.google.com",
    "https://www.google.com",
    "https://l.instagram.com",
    "https://www.tripadvisor.com",
    "",
)
PREVIEWS = ("WhatsApp", "Telegram", "Slack", "Discord")


@dataclass(frozen=True, kw_only=True)
class Way:
    """A link of the story. ``occasion`` begins the post that bore it; ``draw`` is how often it is followed; ``known`` is
    whether whoever follows it is a contact, as in a message.
    """

    code: str
    title: str
    path: str
    campaign: str = ""
    occasion: str = ""
    network: str = ""
    influencer: str = ""
    flow: str = ""
    draw: int = 1
    buys: float = 0.05
    known: bool = False
    own: bool = False  # whether each contact gets a link of their own
    is_app: bool = False


WAYS: Sequence[Way] = (
    Way(code="sunday-bag", title="Sunday Morning, the 1 kg bag", path="/shop/sunday-morning", campaign="sunday-morning",
        occasion="Back in stock", network="instagram", draw=9, buys=0.09),
    Way(code="gift-card", title="Gift cards", path="/shop/gift-card", campaign="holidays", network="facebook", draw=4,
        buys=0.08),
    Way(code="barista-dec", title="Barista course in December", path="/courses/barista", campaign="barista-course",
        occasion="The barista course", network="facebook", draw=4, buys=0.04),
    Way(code="menu", title="Menu, in our profile", path="/menu", network="instagram", draw=8, buys=0.015),
    Way(code="mia-pours", title="Mia pours", path="/shop/sunday-morning", campaign="sunday-morning", influencer="mia.pours",
        network="tiktok", draw=6, buys=0.06),
    Way(code="leo-roasts", title="Leo roasts", path="/shop", campaign="holidays", influencer="leo.roasts",
        network="instagram", draw=3, buys=0.05),
    Way(code="welcome", title="Welcome message", path="/shop", campaign="welcome", flow="flow_welcome", draw=6, buys=0.12,
        known=True),
    Way(code="cart", title="You left something", path="/shop", campaign="left-behind", flow="flow_cart", draw=3, buys=0.25,
        known=True, own=True),
    Way(code="get-app", title="Get the app", path="/app", campaign="app", network="instagram", draw=3, buys=0,
        is_app=True),
)  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """One event of the story; ``sent`` is how often it came in, ``click`` the happening that it shows to have arrived."""

    at: datetime
    name: str
    given: Mapping[str, Any]
    event_id: str
    sent: int = 1
    click: str = ""


class Story:
    """The story of an organization until a moment; ``midnight`` begins the last of its days."""

    def __init__(self, *, now: datetime, midnight: datetime, contacts: Sequence[str], links: Mapping[str, Any]) -> None:
        self.now = now
        self.midnight = midnight
        self.contacts = contacts
        self.links = links
        self.chance = random.Random(33)
        self.number = 0

    def told(self) -> list[Happening]:
        """Everything that happened, in order."""
        happened = [one for ago in range(DAYS - 1, -1, -1) for one in self._day(ago)]
        happened += [
            one for _ in range(9) for one in self._visit(self.now - timedelta(minutes=self.chance.random() * 28))
        ]
        return sorted((one for one in happened if one.at < self.now), key=lambda one: one.at)

    def _day(self, ago: int) -> Iterator[Happening]:
        begins = self.midnight - timedelta(days=ago)
        visits = round(26 * BUSY[begins.weekday()] * (1 + 0.5 * (DAYS - ago) / DAYS) * self.chance.uniform(0.85, 1.15))
        for _ in range(visits):
            at = begins + timedelta(hours=self.chance.choice(HOURS), minutes=self.chance.random() * 60)
            yield from self._visit(at)

    def _visit(self, at: datetime) -> Iterator[Happening]:
        device = self.chance.choice(("ios", "ios", "android", "android", "desktop"))
        visitor = f"{self.chance.getrandbits(64):016x}"
        base: dict[str, Any] = {"source": "pixel", "by": "person", "visitor": visitor, "agent": device}
        if self.chance.random() < 0.4:
            referrer = self.chance.choice(REFERRERS)
            yield from self._reads(at, {**base, "referrer": referrer}, self.chance.choice(PAGES))
            yield from self._acts(at, base, buys=0.01)
            return
        way = self.chance.choices(WAYS, [one.draw for one in WAYS])[0]
        contact = self.chance.choice(self._written_to(at) if way.own else self.contacts) if way.known else ""
        code = f"{way.code}-{contact}" if way.own else way.code
        link = self.links[code]
        if self.chance.random() < 0.18:
            yield self._one(at - timedelta(seconds=40), "click", source="link", by="preview", link=code, url=link.url,
                            agent=self.chance.choice(PREVIEWS))  # fmt: skip
        click = self._one(at, "click", source="link", by="person", link=code, contact_ref=contact, url=link.url,
                          agent=device, referrer="" if way.known else f"https://l.{way.network}.com")  # fmt: skip
        yield click
        if way.is_app:
            yield from self._installs(at, way, device)
            return
        if self.chance.random() < 0.14:
            return
        base |= {"contact_ref": contact, "flow": way.flow}
        yield from self._reads(at + timedelta(seconds=2), base, way.path, click=click.event_id, campaign=way.campaign)
        yield from self._acts(at, base, buys=way.buys)

    def _written_to(self, at: datetime) -> Sequence[str]:
        """Those who have their own link by then: one gets it every second day."""
        return self.contacts[: 1 + max(0, DAYS - 2 - (self.midnight - at).days) // EVERY]

    def _reads(
        self, at: datetime, base: Mapping[str, Any], path: str, *, click: str = "", campaign: str = ""
    ) -> Iterator[Happening]:
        marks = {"c33": click, "cid": base.get("contact_ref", ""), "utm_campaign": campaign}
        query = "&".join(f"{name}={value}" for name, value in marks.items() if value)
        yield self._one(at, "page_view", click=click, url=f"{SHOP}{path}{'?' if query else ''}{query}", **base)
        for number in range(self.chance.choice((0, 0, 1, 1, 2, 3))):
            later = at + timedelta(seconds=25 * (number + 1) + self.chance.random() * 20)
            yield self._one(later, "page_view", url=f"{SHOP}{self.chance.choice(PAGES)}", **base)

    def _acts(self, at: datetime, base: Mapping[str, Any], *, buys: float) -> Iterator[Happening]:
        at += timedelta(minutes=3, seconds=self.chance.random() * 90)
        if self.chance.random() < 0.07:
            yield self._one(at, "signup", url=f"{SHOP}/signup", **base)
        if self.chance.random() < 0.03:
            yield self._one(at, "lead", url=f"{SHOP}/courses/barista", **base)
        if self.chance.random() >= buys:
            return
        currency = "USD" if self.chance.random() < 0.25 else "EUR"
        value = self.chance.choice(("14.50", "18.00", "29.00", "32.50", "49.99", "64.00", "120.00"))
        order = f"DC-{10_000 + self.number}"
        paid: dict[str, Any] = {
            "value": value,
            "currency": currency,
            "order_ref": order,
            "data": {"items": self.chance.randint(1, 3)},
        }
        if base.get("contact_ref") or self.chance.random() < 0.35:
            yield self._one(at, "purchase", source="server", by="server", verified=True, visitor="", agent="",
                            contact_ref=base.get("contact_ref", "") or self.chance.choice(self.contacts),
                            flow=base.get("flow", ""), **paid)  # fmt: skip
        else:
            yield self._one(at, "purchase", url=f"{SHOP}/thank-you", verified=False, **base, **paid)

    def _installs(self, at: datetime, way: Way, device: str) -> Iterator[Happening]:
        if device == "desktop" or self.chance.random() < 0.45:
            return
        yield self._one(at + timedelta(minutes=6), "install", source="mmp", by="server", campaign=way.campaign,
                        agent=device, verified=True, data={"mmp": "adjust"})  # fmt: skip

    def _one(self, at: datetime, name: str, *, click: str = "", **given: Any) -> Happening:
        self.number += 1
        sent = 2 if self.chance.random() < 0.006 else 1
        return Happening(at, name, given, f"demo-{self.number}", sent, click)

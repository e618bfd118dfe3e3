"""Settings → Integrations in use, and an inbox of postbacks of every sort."""

from datetime import timedelta

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from tests.factories import make_contact
from tests.people import Person
from tests.tracking.postbacks import keep
from tracking.mmp.registry import MMPS
from tracking.models import Postback, StoreAggregate, Token, TokenKind
from tracking.postbacks.reading import read_due
from tracking.tokens import make_token, rotate_token, set_origins


def in_use(owner: Person) -> None:
    """A token of each kind: one replaced and still open, the pixel's seen a while ago on a website of ours."""
    now, by = utcnow(), owner.user.public_id
    made = {kind: make_token(organization=owner.organization, kind=kind, by=by, now=now)[0] for kind in TokenKind}
    rotate_token(token=made[TokenKind.MMP], keep=timedelta(days=7), by=by, now=now)
    set_origins(token=made[TokenKind.PIXEL], text="https://www.demo-coffee.example https://shop.demo-coffee.example")
    Token.objects.filter(pk=made[TokenKind.PIXEL].pk).update(
        seen_at=now - timedelta(minutes=3), seen_origin="https://shop.demo-coffee.example"
    )


def an_inbox(owner: Person) -> None:
    """Installs from each MMP, matched and not, a repetition, something unreadable, and stores' reports."""
    now, organization = utcnow(), owner.organization
    for number, (name, mmp) in enumerate(MMPS.items()):
        contact = make_contact(organization, name=("Ada Byron", "Mary Jackson", "Zoë Ünal", "李小龙")[number]).public_id
        given = {"mmp": name, **mmp.example(contact=contact, flow="flow_spring", now=now - timedelta(minutes=number))}
        keep(organization, given)
        keep(organization, {**given, mmp.contact_fields[0]: "{" + mmp.contact_fields[0] + "}", "event_time": "x"})
    keep(organization, {"activity_kind": "rejected_install", "adid": "a1"})
    keep(organization, {"activity_kind": "install", "adid": "a2", "label": new_id("cm", separator="")})
    keep(organization, body="{", content_type="application/json")
    keep(organization, {"sk_transaction_id": "1", "sk_campaign_id": "42", "sk_network_id": "cdkw7geqsh.skadnetwork"})
    read_due(seconds=60)
    for number in range(36):
        StoreAggregate.objects.create(
            organization=organization, key=f"k{number}", day=now.date() - timedelta(days=number % 20),
            framework="AAK" if number % 5 == 0 else "SKAN", network="cdkw7geqsh.skadnetwork",
            campaign=("spring-sale", "4239", "loyalty")[number % 3], app="525463029",
            conversion=str(number) if number % 2 else "", won=number % 7 != 0,
        )  # fmt: skip


def unreplaced(owner: Person) -> str:
    """The page of a postback whose macro was not replaced."""
    row = Postback.objects.filter(organization=owner.organization, mmp="appsflyer", status="UNMATCHED").latest("pk")
    return f"/tracking/postbacks/{row.public_id}/"

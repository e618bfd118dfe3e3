"""The pages of contacts, labels and rules: what each role sees and may do, and what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.orgs.models import Role
from contacts.models import Contact, Kind, Label
from contacts.selectors import labels_for, labels_of
from contacts.timeline import Told, tell
from tests.factories import make_contact, make_member
from tests.people import Client, Person
from tracking.models import Rule

PAGES = ["/contacts/", "/contacts/{id}/", "/contacts/labels/", "/contacts/rules/"]
OTHERS = ["/contacts/{id}/", "/contacts/{id}/delete/", "/contacts/labels/{label}/", "/contacts/labels/{label}/delete/",
          "/contacts/rules/{rule}/delete/"]  # fmt: skip
CHANGING = [*OTHERS, "/contacts/new/", "/contacts/label/", "/contacts/labels/", "/contacts/rules/"]
FORM = {"name": "Changed", "add": "Changed", "event": "changed", "label": "Changed"}


def member(owner: Person, role: Role) -> Person:
    return Person(make_member(owner.organization, role), owner.organization, "")


def html(person: Person, address: str, **headers: str) -> str:
    reply = person.browser().get(address, headers=headers)
    assert reply.status_code == 200, address
    return str(reply.content.decode())


def labels(contact: Contact) -> list[str]:
    return [label.name for label in labels_of([contact])[contact.pk]]


def happened(contact: Contact, number: int, kind: Kind = Kind.CLICK, **data: Any) -> None:
    tell(
        [
            Told(
                contact=contact.pk, organization=contact.organization_id, at=contact.created_at, kind=kind,
                title=f"Thing {number}", key=f"thing:{number}", data=data,
            )
        ]
    )  # fmt: skip


@pytest.fixture
def ada(owner: Person) -> Contact:
    return make_contact(owner.organization, name="Ada Byron", email="ada@example.com", phone="+44 1", labels=["VIP"])


def addressed(template: str, ada: Contact) -> str:
    return template.format(
        id=ada.public_id,
        label=Label.objects.get(organization=ada.organization_id, name="VIP").public_id,
        rule=Rule.objects.filter(organization=ada.organization_id).earliest("id").public_id,
    )


def state(owner: Person) -> Any:
    organization = owner.organization
    return (
        list(Contact.objects.filter(organization=organization).values_list("name", "deleted_at").order_by("id")),
        sorted(Label.objects.filter(organization=organization).values_list("name", flat=True)),
        sorted(Rule.objects.filter(organization=organization).values_list("event", flat=True)),
        [labels(contact) for contact in Contact.objects.filter(organization=organization).order_by("id")],
    )


class TestLooking:
    """What is shown to whom."""

    def test_the_list_is_found_through_by_words_and_labels(self, owner: Person, ada: Contact) -> None:
        make_contact(owner.organization, name="Grace Hopper")
        vip = labels_for(owner.organization).get(name="VIP").public_id

        page = html(owner, "/contacts/")
        assert page.index("Grace Hopper") < page.index("Ada Byron")
        assert "Grace" not in html(owner, "/contacts/?q=ada")
        assert "Grace" not in html(owner, f"/contacts/?label={vip}")
        assert "Nobody fits" in html(owner, "/contacts/?q=zebra")
        assert "Nobody fits" in html(owner, f"/contacts/?q=grace&label={vip}")
        assert "Ada Byron" in html(owner, "/contacts/?q=+&label=&before=x&after=-1")

    def test_the_list_alone_is_for_htmx(self, owner: Person, ada: Contact) -> None:
        part = html(owner, "/contacts/?q=ada", **{"HX-Request": "true", "HX-Target": "contact-list"})

        assert part.lstrip().startswith("<contact-list")
        assert "<html" not in part

    def test_pages_lead_on(self, owner: Person) -> None:
        for number in range(52):
            make_contact(owner.organization, name=f"Person {number:03}x")
        first = html(owner, "/contacts/")
        last = Contact.objects.order_by("-id")[49].pk

        assert ("Person 051x" in first, "Person 001x" in first) == (True, False)
        assert f"?before={last}" in first
        assert "Person 001x" in html(owner, f"/contacts/?before={last}")

    def test_a_contact_shows_what_is_known_and_what_happened(self, owner: Person, ada: Contact) -> None:
        happened(ada, 1, Kind.PURCHASE, verified=False, campaign="spring", order_ref="o-1")
        page = html(owner, f"/contacts/{ada.public_id}/")

        for words in ("ada@example.com", "+44 1", "VIP", "Thing 1", "Unverified", "campaign spring", "order o-1",
                      "Became a contact", ada.public_id):  # fmt: skip
            assert words in page

    def test_a_timeline_is_paged_and_narrowed(self, owner: Person, ada: Contact) -> None:
        for number in range(40):
            happened(ada, number)
        address = f"/contacts/{ada.public_id}/?kind=click"
        first = html(owner, address)
        older = first.partition('id="older"')[2].partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")

        assert ("Thing 39<" in first, "Thing 9<" in first, "Became a contact" in first) == (True, False, False)
        rest = html(owner, f"/contacts/{ada.public_id}/{older}", **{"HX-Request": "true", "HX-Target": "older"})
        assert [f"Thing {number}<" in rest for number in (10, 9, 0)] == [False, True, True]
        assert "<html" not in rest
        assert "Nothing of this kind" in html(owner, f"/contacts/{ada.public_id}/?kind=install")
        assert "Thing 39<" in html(owner, f"/contacts/{ada.public_id}/?kind=nonsense&cursor=nonsense")

    def test_what_people_wrote_is_words_and_never_markup(self, owner: Person) -> None:
        evil = '"><script>alert(1)</script>'
        contact = make_contact(owner.organization, name=evil, labels=[evil, "VIP"])
        happened(contact, 1, Kind.PURCHASE, campaign=evil, flow=evil)
        owner.browser().post("/contacts/rules/", {"event": evil, "label": evil})

        for address in PAGES:
            assert "<script>alert" not in html(owner, addressed(address, contact)), address

    def test_a_new_organization_has_the_three_rules(self, owner: Person) -> None:
        page = html(owner, "/contacts/rules/")

        for words in ("purchase", "Purchased", "signup", "Signed up", "lead", "Lead"):
            assert words in page

    @pytest.mark.parametrize("address", PAGES)
    def test_twenty_cost_as_many_queries_as_one(self, owner: Person, address: str) -> None:
        def add(number: int) -> Contact:
            contact = make_contact(owner.organization, labels=["VIP", f"Label {number}"])
            for told in range(number):
                happened(contact, told)
            Rule.objects.create(
                organization=owner.organization, event=f"e{number}", label=Label.objects.get(name=f"Label {number}")
            )
            return contact

        def cost(contact: Contact) -> int:
            client = owner.browser()
            client.get("/contacts/")
            with CaptureQueriesContext(connection) as captured:
                assert client.get(addressed(address, contact)).status_code == 200
            return len(captured)

        one = cost(add(1))
        many = [add(number) for number in range(2, 21)]
        assert cost(many[-1]) == one
        assert one <= 12


class TestDoors:
    """Who comes in."""

    @pytest.mark.parametrize("address", PAGES)
    def test_nobody_is_led_to_the_login_and_back(self, ada: Contact, address: str) -> None:
        reply = Client().get(addressed(address, ada))

        assert (reply.status_code, "/accounts/login/?next=/contacts/" in reply["Location"]) == (302, True)

    @pytest.mark.parametrize("address", OTHERS)
    def test_another_organization_s_are_not_there(
        self, owner: Person, stranger: Person, ada: Contact, address: str
    ) -> None:
        before = state(owner)

        assert stranger.browser().post(addressed(address, ada), FORM).status_code == 404
        assert state(owner) == before

    def test_a_stranger_sees_nothing_and_labels_nobody(self, owner: Person, stranger: Person, ada: Contact) -> None:
        vip, name = addressed("{label}", ada), "Guests of honour"  # which no random token in a page spells
        Label.objects.filter(public_id=vip).update(name=name)
        before = state(owner)
        stranger.browser().post("/contacts/label/", {"id": ada.public_id, "add": "Mine"})
        stranger.browser().post("/contacts/label/", {"id": ada.public_id, "remove": name})

        assert stranger.browser().get(f"/contacts/{ada.public_id}/").status_code == 404
        for address in (
            "/contacts/",
            f"/contacts/?label={vip}",
            "/contacts/?q=ada",
            "/search/?q=ada",
            "/contacts/labels/",
        ):
            page = html(stranger, address)
            assert "Ada Byron" not in page
            assert name not in page
        assert state(owner) == before

    def test_a_viewer_looks_at_everything_and_changes_nothing(self, owner: Person, ada: Contact) -> None:
        viewer, before = member(owner, Role.VIEWER), state(owner)
        for address in PAGES:
            page = html(viewer, addressed(address, ada))
            assert [
                word for word in ('type="checkbox"', "Delete", "Rename", "New contact", "Add a rule") if word in page
            ] == []
        form = {**FORM, "id": ada.public_id}

        assert {viewer.browser().post(addressed(address, ada), form).status_code for address in CHANGING} == {403}
        assert viewer.browser().get("/contacts/new/").status_code == 403
        assert state(owner) == before

    @pytest.mark.parametrize("address", CHANGING)
    def test_a_forged_form_is_refused(self, owner: Person, ada: Contact, address: str) -> None:
        before = state(owner)
        form = {**FORM, "id": ada.public_id}

        assert owner.browser(csrf=True).post(addressed(address, ada), form).status_code == 403
        assert state(owner) == before


class TestChanging:
    """What an editor may do."""

    def test_a_contact_is_made_by_hand(self, teammate: Person) -> None:
        wrong = teammate.browser().post("/contacts/new/", {"name": " ", "email": "", "phone": ""})
        assert wrong.status_code == 422
        assert "needs a name" in wrong.content.decode()
        refused = teammate.browser().post("/contacts/new/", {"email": "nobody"})
        assert (refused.status_code, "not an e-mail" in refused.content.decode()) == (422, True)
        made = teammate.browser().post("/contacts/new/", {"name": "Grace", "email": "grace@example.com"})

        contact = Contact.objects.get()
        assert made["Location"] == f"/contacts/{contact.public_id}/"
        assert (contact.name, contact.source) == ("Grace", "page")

    def test_what_is_known_is_changed(self, owner: Person, ada: Contact) -> None:
        address = f"/contacts/{ada.public_id}/"
        assert owner.browser().post(address, {"name": "Ada Lovelace", "email": "", "phone": "+44 2"}).status_code == 302
        ada.refresh_from_db()
        assert (ada.name, ada.email, ada.phone) == ("Ada Lovelace", "", "+44 2")
        wrong = owner.browser().post(address, {"name": "", "email": "", "phone": "none"})

        assert wrong.status_code == 422
        assert "Use digits" in wrong.content.decode()

    def test_many_are_labelled_and_the_filters_stay(self, owner: Person, ada: Contact) -> None:
        other = make_contact(owner.organization)
        form = {"id": [ada.public_id, other.public_id], "add": "Spring", "back": "https://elsewhere.example/?q=a"}
        reply = owner.browser().post("/contacts/label/", form, format="multipart")

        assert reply["Location"] == "/contacts/?q=a"
        assert (labels(ada), labels(other)) == (["Spring", "VIP"], ["Spring"])
        form = {"id": ada.public_id, "remove": "vip", "back": f"//elsewhere.example/{ada.public_id}/"}
        assert owner.browser().post("/contacts/label/", form)["Location"] == f"/contacts/{ada.public_id}/"
        assert labels(ada) == ["Spring"]
        owner.browser().post("/contacts/label/", {"id": ada.public_id, "add": "x" * 81})
        assert labels(ada) == ["Spring"]

    def test_a_deleted_contact_is_gone(self, owner: Person, ada: Contact) -> None:
        assert owner.browser().post(f"/contacts/{ada.public_id}/delete/").status_code == 302

        assert owner.browser().get(f"/contacts/{ada.public_id}/").status_code == 404
        assert "No contacts yet" in html(owner, "/contacts/")

    def test_labels_are_made_renamed_and_deleted_with_their_rules(self, owner: Person, ada: Contact) -> None:
        browser = owner.browser()
        browser.post("/contacts/labels/", {"name": "Spring"})
        browser.post("/contacts/rules/", {"event": "Sale", "label": "VIP"})
        vip = addressed("/contacts/labels/{label}/", ada)
        browser.post(vip, {"name": "Very important"})
        assert labels(ada) == ["Very important"]
        assert "Very important" in html(owner, "/contacts/rules/")
        browser.post(vip, {"name": "spring"})
        assert labels(ada) == ["Very important"]
        browser.post(f"{vip}delete/")

        assert labels(ada) == []
        assert not Rule.objects.filter(event="sale").exists()
        assert browser.post("/contacts/labels/", {"name": "x" * 81}).status_code == 422

    def test_rules_are_added_once_and_removed(self, owner: Person) -> None:
        browser = owner.browser()
        for _ in range(2):
            assert browser.post("/contacts/rules/", {"event": " Trial_Started ", "label": "Trial"}).status_code == 302
        rule = Rule.objects.get(event="trial_started")
        assert rule.label.name == "Trial"
        assert browser.post("/contacts/rules/", {"event": "a" * 101, "label": "A"}).status_code == 422
        assert browser.post("/contacts/rules/", {"event": "a\x07", "label": "A"}).status_code == 422
        browser.post(f"/contacts/rules/{rule.public_id}/delete/")
        browser.post("/contacts/rules/rule_nobody/delete/")

        assert sorted(Rule.objects.values_list("event", flat=True)) == ["lead", "purchase", "signup"]

    def test_the_command_bar_finds_people(self, owner: Person, ada: Contact) -> None:
        for text in ("byr", "ada@exam", ada.public_id):
            assert "Ada Byron" in html(owner, f"/search/?q={text}")
        assert "/contacts/rules/" in html(owner, "/search/?q=rules")

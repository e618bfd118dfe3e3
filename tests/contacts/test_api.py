"""``/api/v1/contacts``: every reply as the document says it."""

from typing import Any

import pytest

from chat33.api.models import IdempotencyRecord
from chat33.orgs.models import Role
from contacts.models import Contact, Kind, Label
from contacts.selectors import labels_of
from contacts.timeline import Told, tell
from integrations.models import ApiKey
from tests.contracts.shapes import api, browser, is_error
from tests.factories import make_contact, make_member
from tests.people import Person

ADA = {"name": "Ada Byron", "email": "ada@example.com", "phone": "+44 20 7946 0018", "labels": ["VIP", "Lead"]}


def create(person: Person, body: Any = ADA, **extra: Any) -> Any:
    return api(person).send("POST", "contacts", body, **extra)


def made_by(person: Person) -> str:
    return str(ApiKey.objects.get(organization=person.organization).public_id)


def labels(contact: Contact) -> list[str]:
    return [label.name for label in labels_of([contact])[contact.pk]]


def test_a_contact_is_created_and_read_with_its_labels_and_timeline(owner: Person) -> None:
    made = create(owner)
    assert made.status_code == 201
    body = made.json()
    assert {name: body[name] for name in ADA} == {**ADA, "labels": ["Lead", "VIP"]}
    assert (body["source"], body["lastSeenAt"], body["id"][:2]) == ("api", None, "cm")

    read = api(owner).send("GET", f"contacts/{body['id']}").json()
    assert {name: read[name] for name in body} == body
    assert {(entry["kind"], entry["title"]) for entry in read["timeline"]} == {
        ("label", "Labelled VIP"), ("label", "Labelled Lead"), ("contact", "Became a contact"),
    }  # fmt: skip
    assert read["timeline"][-1]["data"] == {"by": made_by(owner), "source": "api"}


def test_a_request_that_is_repeated_makes_one_contact(owner: Person) -> None:
    replies = [create(owner, headers={"Idempotency-Key": "once"}) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    assert replies[1]["Idempotent-Replayed"] == "true"
    assert Contact.objects.count() == 1
    is_error(create(owner, {"name": "Else"}, headers={"Idempotency-Key": "once"}), 422, "IDEMPOTENCY_MISMATCH")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ({"name": None, "email": ""}, ""),
        ({"email": "nobody"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"name": "a" * 201}, "name"),
        ({"name": 7}, "name"),
        ({"name": "Ada", "labels": "VIP"}, "labels"),
        ({"name": "Ada", "labels": ["a" * 81]}, "labels.0"),
        ({"name": "Ada", "labels": ["a\x07"]}, "labels"),
        ({"name": "Ada", "labels": ["a"] * 51}, "labels"),
    ],
)
def test_what_no_contact_can_be_is_refused_and_nothing_is_kept(owner: Person, body: Any, path: str) -> None:
    before = Label.objects.count()
    refusal = is_error(create(owner, body, headers={"Idempotency-Key": "k"}), 400, "VALIDATION_ERROR")

    assert refusal["details"][0]["path"] == path
    assert not Contact.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert Label.objects.count() == before


def test_the_list_is_newest_first_and_goes_on_by_its_cursor(owner: Person) -> None:
    ids = [make_contact(owner.organization).public_id for _ in range(5)]
    found, cursor = [], ""
    while True:
        page = api(owner).send("GET", f"contacts?limit=2&cursor={cursor}").json()
        found += [item["id"] for item in page["items"]]
        assert page["hasMore"] == bool(page["nextCursor"])
        cursor = page["nextCursor"]
        if not cursor:
            break

    assert found == ids[::-1]


def test_a_cursor_whose_contact_was_deleted_meanwhile_still_leads_on(owner: Person) -> None:
    contacts = [make_contact(owner.organization) for _ in range(3)]
    cursor = api(owner).send("GET", "contacts?limit=1").json()["nextCursor"]
    api(owner).send("DELETE", f"contacts/{cursor}")

    assert [item["id"] for item in api(owner).send("GET", f"contacts?cursor={cursor}").json()["items"]] == [
        contacts[1].public_id, contacts[0].public_id,
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["cursor=1", "cursor=%00", "limit=0", "search=" + "a" * 300, "cursor=cm" + "z" * 26])
def test_a_list_that_cannot_be(owner: Person, query: str) -> None:
    is_error(api(owner).send("GET", f"contacts?{query}"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ada", ["Ada"]),
        ("search=gra", ["Grace"]),
        ("label=vip", ["Ada"]),
        ("label=Nothing", []),
        ("label=vip&search=grace", []),
        ("email=ADA@example.com", ["Ada"]),
        ("phone=%2B1%20555", ["Grace"]),
        ("search=%00", ["Grace", "Ada"]),
        ("search=%27", []),
        ("search=", ["Grace", "Ada"]),
    ],
)
def test_filters(owner: Person, query: str, found: list[str]) -> None:
    make_contact(owner.organization, name="Ada", email="ada@example.com", labels=["VIP"])
    make_contact(owner.organization, name="Grace", phone="+1 555")

    names = [item["name"] for item in api(owner).send("GET", f"contacts?{query}").json()["items"]]
    assert names == found


def test_a_contact_is_changed_as_far_as_is_named(owner: Person) -> None:
    contact = make_contact(owner.organization, name="Ada", email="ada@example.com", labels=["A", "B"])

    def patch(body: Any) -> Any:
        return api(owner).send("PATCH", f"contacts/{contact.public_id}", body)

    assert patch({}).json()["name"] == "Ada"
    assert patch({"name": "Ada Byron", "phone": "+44 1"}).json()["email"] == "ada@example.com"
    assert patch({"email": None}).json()["email"] is None
    assert patch({"addLabels": ["C"], "removeLabels": ["a", "Nothing"]}).json()["labels"] == ["B", "C"]
    assert patch({"labels": ["D"]}).json()["labels"] == ["D"]
    assert patch({"labels": []}).json()["labels"] == []
    is_error(patch({"labels": [], "addLabels": ["A"]}), 400, "VALIDATION_ERROR")
    is_error(patch({"name": "", "phone": ""}), 400, "VALIDATION_ERROR")
    is_error(patch({"name": "Changed", "addLabels": ["a\x07"]}), 400, "VALIDATION_ERROR")
    contact.refresh_from_db()
    assert contact.name == "Ada Byron"


def test_a_deleted_contact_is_not_there(owner: Person) -> None:
    contact = make_contact(owner.organization)
    path = f"contacts/{contact.public_id}"

    assert api(owner).send("DELETE", path).json() == {"id": contact.public_id, "deleted": True}
    for method, body in (("GET", None), ("PATCH", {"name": "Back"}), ("DELETE", None)):
        is_error(api(owner).send(method, path, body), 404, "Not found")
    is_error(api(owner).send("GET", f"{path}/timeline"), 404, "Not found")
    assert api(owner).send("GET", "contacts").json()["items"] == []


def test_the_timeline_goes_on_by_its_cursor_and_by_kind(owner: Person) -> None:
    contact = make_contact(owner.organization)
    tell(
        Told(
            contact=contact.pk, organization=owner.organization.pk, at=contact.created_at, kind=Kind.CLICK,
            title=f"Click {number}", key=f"click:{number}",
        )
        for number in range(5)
    )  # fmt: skip
    found, cursor = [], ""
    while True:
        address = f"contacts/{contact.public_id}/timeline?kind=click&limit=2&cursor={cursor}"
        page = api(owner).send("GET", address).json()
        found += [entry["title"] for entry in page["items"]]
        cursor = page["nextCursor"]
        if not cursor:
            break

    assert found == [f"Click {number}" for number in range(4, -1, -1)]
    for query in ("kind=nonsense", "cursor=x", "limit=none"):
        is_error(api(owner).send("GET", f"contacts/{contact.public_id}/timeline?{query}"), 400, "VALIDATION_ERROR")


def test_a_contributor_reads_contacts_and_an_editor_changes_them(owner: Person, teammate: Person) -> None:
    contributor = Person(make_member(owner.organization, Role.CONTRIBUTOR), owner.organization, "")
    is_error(browser(contributor).send("POST", "contacts", ADA), 403, "Insufficient scope")
    assert browser(contributor).send("GET", "contacts").status_code == 200
    assert browser(teammate).send("POST", "contacts", ADA).status_code == 201


def test_another_organization_s_contacts_are_not_there(owner: Person, stranger: Person) -> None:
    contact = make_contact(owner.organization, name="Ada", labels=["VIP"])

    for path in (f"contacts/{contact.public_id}", f"contacts/{contact.public_id}/timeline"):
        is_error(api(stranger).send("GET", path), 404, "Not found")
    assert api(stranger).send("GET", f"contacts?cursor={contact.public_id}").json()["items"] == []
    assert api(stranger).send("GET", "contacts?label=VIP").json()["items"] == []
    is_error(api(stranger).send("PATCH", f"contacts/{contact.public_id}", {"name": "Mine"}), 404, "Not found")
    assert labels(contact) == ["VIP"]

"""Contacts, labels and timelines: what is kept, what is refused, and what many at once do."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from contacts import labels as labelling
from contacts.labels import (
    UnableToLabel,
    delete_label,
    labels_named,
    put_labels,
    rename_label,
    set_labels,
    take_labels,
)
from contacts.models import Contact, Kind, Label, Labelling, TimelineEntry
from contacts.selectors import Wish, contacts_for, contacts_like, label_uses, labels_for, labels_of
from contacts.services import Unfit, create_contact, delete_contact, restore_contact, update_contact
from contacts.timeline import Told, place_of, tell, timeline_of
from tests.crowd import together
from tests.factories import make_contact, make_organization

NOW = utcnow()


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


def names(contact: Contact) -> list[str]:
    return [label.name for label in labels_of([contact])[contact.pk]]


def titles(contact: Contact) -> list[str]:
    return [entry.title for entry in TimelineEntry.objects.filter(contact=contact).order_by("id")]


class TestContacts:
    """Making, changing, deleting."""

    def test_a_contact_is_kept_as_it_was_written_and_its_story_begins(self, here: Organization) -> None:
        made = create_contact(
            organization=here, name="  Ada   Byron ", email="Ada@Example.com", phone="+44 20 7946 0018", source="api",
            labels=["VIP", "vip", " "], by="key_1", now=NOW,
        )  # fmt: skip
        made.refresh_from_db()

        assert (made.name, made.email, made.phone) == ("Ada Byron", "Ada@Example.com", "+44 20 7946 0018")
        assert made.public_id.startswith("cm")
        assert names(made) == ["VIP"]
        assert titles(made) == ["Became a contact", "Labelled VIP"]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({}, ""),
            ({"name": " \t "}, ""),
            ({"name": "a" * 201}, "name"),
            ({"name": "Ada\x07"}, "name"),
            ({"email": "nobody"}, "email"),
            ({"email": f"{'a' * 250}@example.com"}, "email"),
            ({"phone": "call me"}, "phone"),
            ({"phone": "+ ()"}, "phone"),
            ({"phone": "1" * 33}, "phone"),
        ],
    )
    def test_what_no_contact_can_be(self, here: Organization, given: dict[str, str], field: str) -> None:
        with pytest.raises(Unfit) as refusal:
            create_contact(organization=here, by="key_1", now=NOW, **given)

        assert refusal.value.field == field
        assert not Contact.objects.exists()

    def test_a_change_changes_what_it_names_and_is_told_once(self, here: Organization) -> None:
        contact = make_contact(here, name="Ada", email="ada@example.com")
        update_contact(contact=contact, changes={"name": "Ada Byron"}, by="usr_1", now=NOW)
        update_contact(contact=contact, changes={"name": "Ada Byron"}, by="usr_1", now=NOW + timedelta(seconds=1))
        contact.refresh_from_db()

        assert (contact.name, contact.email) == ("Ada Byron", "ada@example.com")
        assert titles(contact) == ["Became a contact", "Changed: name"]
        with pytest.raises(Unfit):
            update_contact(contact=contact, changes={"name": "", "email": ""}, by="usr_1", now=NOW)

    def test_a_deleted_contact_is_found_no_more_until_it_is_restored(self, here: Organization) -> None:
        contact = make_contact(here, name="Ada", labels=["VIP"])

        assert delete_contact(contact=contact, by="usr_1", now=NOW)
        assert not delete_contact(contact=contact, by="usr_1", now=NOW)
        assert not contacts_for(here).exists()
        assert not contacts_like(here, Wish(search="ada")).exists()
        assert (
            put_labels(contacts=[contact.pk], labels=labels_named(organization=here, names=["New"]), by="x", now=NOW)
            == 0
        )
        assert restore_contact(contact=contact, by="usr_1", now=NOW)
        assert not restore_contact(contact=contact, by="usr_1", now=NOW)
        assert [names(found) for found in contacts_for(here)] == [["VIP"]]


class TestSearching:
    """Words find the beginnings of words."""

    @pytest.mark.parametrize(
        "text",
        [
            "ada",
            "BYR",
            "ada byr",
            "ada@example",
            "example.com",
            "ada.b",
            "+44 20",
            "442079",
            "7946",
            "020-7946".lstrip("02-"),
        ],
    )
    def test_beginnings_of_words_find_somebody(self, here: Organization, text: str) -> None:
        ada = make_contact(here, name="Ada Byron", email="ada.byron@example.com", phone="+44 20 7946 0018")
        make_contact(here, name="Grace Hopper", email="grace@navy.example", phone="+1 555 0100")

        assert list(contacts_like(here, Wish(search=text))) == [ada]

    @pytest.mark.parametrize("text", ["yron", "ada hopper", "'", "&|!():*", "\\", "nobody", "<->", "%", "_"])
    def test_what_is_no_beginning_finds_nobody(self, here: Organization, text: str) -> None:
        make_contact(here, name="Ada Byron", email="ada.byron@example.com")

        assert not contacts_like(here, Wish(search=text)).exists()

    def test_letters_of_any_language(self, here: Organization) -> None:
        anne, maria = make_contact(here, name="Änne Öztürk"), make_contact(here, name="Мария Иванова")

        assert list(contacts_like(here, Wish(search="änn ÖZT"))) == [anne]
        assert list(contacts_like(here, Wish(search="иван"))) == [maria]

    def test_a_whole_address_or_number_finds_its_own(self, here: Organization) -> None:
        ada = make_contact(here, email="Ada@Example.com", phone="+44 1")

        assert list(contacts_like(here, Wish(email="ada@example.COM"))) == [ada]
        assert list(contacts_like(here, Wish(phone="+44 1"))) == [ada]
        assert not contacts_like(here, Wish(email="ada@example.co")).exists()

    def test_a_label_and_a_search_together_in_order(self, here: Organization) -> None:
        wanted = [make_contact(here, name=f"Ada {number}", labels=["VIP", "Other"]) for number in range(3)]
        make_contact(here, name="Ada 9")
        make_contact(here, name="Grace", labels=["VIP"])
        vip = labels_for(here).get(name="VIP")

        assert list(contacts_like(here, Wish(search="ada", label=vip.public_id))) == wanted[::-1]
        assert not contacts_like(here, Wish(label="lbl_nobody")).exists()

    def test_another_organization_is_not_looked_through(self, here: Organization) -> None:
        other = make_organization()
        make_contact(other, name="Ada", email="ada@example.com", labels=["VIP"])
        theirs = labels_for(other).get(name="VIP").public_id

        for wish in (Wish(), Wish(search="ada"), Wish(label=theirs), Wish(email="ada@example.com")):
            assert not contacts_like(here, wish).exists()


class TestLabels:
    """One label a name, each once on a contact."""

    def test_labels_are_one_whatever_their_letters(self, here: Organization) -> None:
        first = labels_named(organization=here, names=["Größe", "VIP"])
        again = labels_named(organization=here, names=["GRÖßE", "vip", "New one"])

        assert {label.pk for label in first} < {label.pk for label in again}
        assert {label.name for label in again} == {"Größe", "VIP", "New one"}

    def test_a_label_is_put_on_once_and_told_once(self, here: Organization) -> None:
        contact, (label,) = make_contact(here), labels_named(organization=here, names=["VIP"])

        assert put_labels(contacts=[contact.pk], labels=[label], by="usr_1", now=NOW) == 1
        assert put_labels(contacts=[contact.pk, contact.pk], labels=[label], by="usr_1", now=NOW) == 0
        assert take_labels(contacts=[contact.pk], labels=[label], by="usr_1", now=NOW) == 1
        assert take_labels(contacts=[contact.pk], labels=[label], by="usr_1", now=NOW) == 0
        assert titles(contact)[1:] == ["Labelled VIP", "Label VIP removed"]

    def test_a_label_is_never_put_on_another_organization_s_contact(self, here: Organization) -> None:
        theirs, mine = make_contact(make_organization()), labels_named(organization=here, names=["VIP"])

        assert put_labels(contacts=[theirs.pk], labels=mine, by="usr_1", now=NOW) == 0
        assert not Labelling.objects.exists()

    def test_labels_are_set_as_a_whole(self, here: Organization) -> None:
        contact = make_contact(here, labels=["A", "B"])
        set_labels(contact=contact, names=["B", "C"], by="usr_1", now=NOW)

        assert names(contact) == ["B", "C"]

    def test_a_name_that_is_taken_or_too_long_or_one_too_many(
        self, here: Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, _ = sorted(labels_named(organization=here, names=["One", "Two"]), key=lambda label: label.name)
        for name in ("two", "", "a" * 81, "a\x00b"):
            with pytest.raises(UnableToLabel):
                rename_label(label=one, name=name)
        rename_label(label=one, name="ONE")
        monkeypatch.setattr(labelling, "MOST", Label.objects.filter(organization=here).count())
        with pytest.raises(UnableToLabel, match="already"):
            labels_named(organization=here, names=["Three"])

        assert sorted(labels_for(here).values_list("name", flat=True).filter(name__in=["ONE", "Two", "Three"])) == [
            "ONE",
            "Two",
        ]

    def test_a_deleted_label_is_gone_from_everybody(self, here: Organization) -> None:
        contact = make_contact(here, labels=["VIP"])
        vip = labels_for(here).get(name="VIP")
        assert label_uses([vip]) == {vip.pk: 1}
        delete_label(label=vip)

        assert names(contact) == []
        assert put_labels(contacts=[contact.pk], labels=[vip], by="usr_1", now=NOW) == 0

    @pytest.mark.django_db(transaction=True)
    def test_many_who_label_at_once_end_up_with_one_of_each(self) -> None:
        here = make_organization()
        people = [make_contact(here) for _ in range(5)]

        def label() -> None:
            labels = labels_named(organization=here, names=["B", "A", "C"])
            put_labels(contacts=[one.pk for one in people], labels=labels, by="usr_1", now=NOW)

        together([label] * 8)

        assert [names(one) for one in people] == [["A", "B", "C"]] * 5
        assert TimelineEntry.objects.filter(kind=Kind.LABEL).count() == 15


class TestTimeline:
    """Each thing once, newest first, in pages."""

    def tell(self, contact: Contact, number: int, *, at: int, kind: Kind = Kind.CLICK) -> None:
        tell(
            [
                Told(
                    contact=contact.pk, organization=contact.organization_id, at=NOW + timedelta(seconds=at), kind=kind,
                    title=f"Number {number}", key=f"event:{number}",
                )
            ]
        )  # fmt: skip

    def test_what_is_told_twice_is_there_once(self, here: Organization) -> None:
        contact, other = make_contact(here), make_contact(here)
        for who in (contact, contact, other):
            self.tell(who, 1, at=1)

        assert titles(contact).count("Number 1") == titles(other).count("Number 1") == 1

    def test_pages_miss_nothing_though_many_are_of_one_moment(self, here: Organization) -> None:
        contact = make_contact(here)
        for number in range(25):
            self.tell(contact, number, at=100 + number // 10)
        found: list[str] = []
        cursor = ""
        while True:
            page = timeline_of(contact, cursor=cursor, size=4, kinds=[Kind.CLICK])
            found += [entry.title for entry in page.entries]
            cursor = page.next
            if not cursor:
                break

        assert found == [f"Number {number}" for number in range(24, -1, -1)]

    @pytest.mark.parametrize(
        "cursor", ["", "-", "a-b", "1", "9" * 30 + "-1", "1-" + "9" * 30, "1-2-3", "\x00-1", "²-1"]
    )
    def test_a_cursor_that_is_none_begins_at_the_newest(self, here: Organization, cursor: str) -> None:
        assert place_of(cursor) is None
        assert len(timeline_of(make_contact(here), cursor=cursor).entries) == 1


def test_labels_of_many_are_read_by_one_query(
    here: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [make_contact(here, labels=["A", f"B{number}"]) for number in range(5)]

    with django_assert_num_queries(1):
        assert len(labels_of(people)) == 5

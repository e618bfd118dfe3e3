"""An invitation is a link that works once, for a week, until it is withdrawn."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from chat33.lib.clock import utcnow
from chat33.lib.secrets import digest
from chat33.orgs import invitations
from chat33.orgs.invitations import Invited, accept_invitation, invite_member, open_invitation, renew_invitation
from chat33.orgs.models import Invitation, Membership, Organization, OutgoingEmail, Role
from chat33.orgs.services import NotAllowed, change_role, remove_member
from tests.crowd import together, until_somebody_waits
from tests.factories import make_member, make_user
from tests.people import Person


def place(person: Person) -> Membership:
    return Membership.objects.get(user=person.user, organization=person.organization)


def invited(owner: Person, email: str = "", role: Role = Role.EDITOR) -> Invited:
    return invite_member(organization=owner.organization, email=email, role=role, by=place(owner), now=utcnow())


def fingerprint(found: Invited) -> str:
    return digest(found.url.rstrip("/").rpartition("/")[2])


def works(found: Invited) -> bool:
    return open_invitation(fingerprint=fingerprint(found), now=utcnow()) is not None


def test_it_gives_its_role_once(owner: Person) -> None:
    link, first, second = invited(owner, role=Role.CONTRIBUTOR), make_user(), make_user()

    accept_invitation(fingerprint=fingerprint(link), user=first, now=utcnow())
    with pytest.raises(NotAllowed, match="has been used"):
        accept_invitation(fingerprint=fingerprint(link), user=second, now=utcnow())

    assert owner.organization.memberships.get(user=first).role == Role.CONTRIBUTOR
    assert not owner.organization.memberships.filter(user=second).exists()


def test_the_link_is_not_in_the_database_and_the_email_has_it(owner: Person) -> None:
    found = invited(owner, "New@Example.com")

    token = found.url.rstrip("/").rpartition("/")[2]
    assert token not in str(Invitation.objects.values())
    email = OutgoingEmail.objects.get()
    assert email.to == "new@example.com"
    assert found.url in email.text
    assert "owner@example.com invites you to Demo Coffee" in email.subject


def test_a_week_later_it_is_too_old(owner: Person) -> None:
    found = invited(owner)

    assert open_invitation(fingerprint=fingerprint(found), now=utcnow() + timedelta(days=6, hours=23))
    late = utcnow() + timedelta(days=7, seconds=1)
    assert open_invitation(fingerprint=fingerprint(found), now=late) is None
    with pytest.raises(NotAllowed):
        accept_invitation(fingerprint=fingerprint(found), user=make_user(), now=late)


def test_withdrawn_it_opens_nothing(owner: Person) -> None:
    found = invited(owner)
    invitations.revoke_invitation(invitation=found.invitation, by=place(owner), now=utcnow())

    assert not works(found)


def test_a_new_link_ends_the_old_one_and_is_sent_again(owner: Person) -> None:
    old = invited(owner, "new@example.com")
    new = renew_invitation(invitation=old.invitation, by=place(owner), now=utcnow())

    assert (works(old), works(new)) == (False, True)
    assert OutgoingEmail.objects.filter(to="new@example.com").count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_renews_a_link_and_who_invites_the_same_person_go_one_after_another(owner: Person) -> None:
    old, inviting = invited(owner, "new@example.com"), threading.Event()

    def invite() -> Invited:
        with transaction.atomic():
            Organization.objects.select_for_update(no_key=True).get(pk=owner.organization.pk)
            inviting.set()
            until_somebody_waits()
            return invited(owner, "new@example.com")

    def renew() -> Invited:
        assert inviting.wait(60)
        return renew_invitation(invitation=old.invitation, by=place(owner), now=utcnow())

    first, second = together([invite, renew])

    assert [works(found) for found in (old, first, second)] == [False, False, True]


def test_a_member_keeps_the_role_they_have(owner: Person, teammate: Person) -> None:
    accept_invitation(fingerprint=fingerprint(invited(owner, role=Role.ADMIN)), user=teammate.user, now=utcnow())

    assert place(teammate).role == Role.EDITOR


def test_only_who_manages_members_invites_and_only_owners_invite_owners(owner: Person, teammate: Person) -> None:
    admin = Membership.objects.get(user=make_member(owner.organization, Role.ADMIN))

    def invite(by: Membership, role: Role) -> Invited:
        return invite_member(organization=owner.organization, email="", role=role, by=by, now=utcnow())

    with pytest.raises(NotAllowed, match="Only admins and owners"):
        invite(place(teammate), Role.VIEWER)
    with pytest.raises(NotAllowed, match="Only an owner"):
        invite(admin, Role.OWNER)
    assert works(invite(admin, Role.ADMIN))


def test_a_member_is_not_invited_again(owner: Person, teammate: Person) -> None:
    with pytest.raises(NotAllowed, match="already a member"):
        invited(owner, "TEAMMATE@example.com")


def test_who_is_removed_does_not_come_back_by_a_link_they_made(owner: Person) -> None:
    user = make_member(owner.organization, Role.ADMIN)
    admin = Membership.objects.get(user=user)
    kept = invite_member(organization=owner.organization, email="", role=Role.ADMIN, by=admin, now=utcnow())
    mine = invited(owner)

    remove_member(membership=admin, by=place(owner), now=utcnow())

    assert (works(kept), works(mine)) == (False, True)


def test_who_is_no_longer_an_owner_leaves_no_invitation_to_be_one(owner: Person) -> None:
    other = Membership.objects.get(user=make_member(owner.organization, Role.OWNER))
    as_owner = invite_member(organization=owner.organization, email="", role=Role.OWNER, by=other, now=utcnow())
    as_editor = invite_member(organization=owner.organization, email="", role=Role.EDITOR, by=other, now=utcnow())

    change_role(membership=other, role=Role.ADMIN, by=place(owner), now=utcnow())

    assert (works(as_owner), works(as_editor)) == (False, True)


def test_we_are_no_way_to_send_mail_to_strangers(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "A_DAY", 3)
    for number in range(3):
        invited(owner, f"person{number}@example.org")

    with pytest.raises(NotAllowed, match="3 invitations today"):
        invited(owner, "person4@example.org")
    assert OutgoingEmail.objects.count() == 3

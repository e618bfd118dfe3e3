"""Roles, leaving and removing: who may what, and never without an owner."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Organization, Role, User
from chat33.orgs.services import NotAllowed, change_role, leave, remove_member
from integrations.services import create_api_key
from tests.crowd import until_somebody_waits
from tests.factories import make_member, make_organization
from tests.people import Person


def place(user: User) -> Membership:
    return Membership.objects.get(user=user)


def member(organization: Organization, role: Role) -> Membership:
    return place(make_member(organization, role))


def key_works(person: Person) -> bool:
    status: int = person.api().send("GET", "posts").status_code
    return status == 200


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_only_admins_and_owners_manage_members(owner: Person, role: Role) -> None:
    actor, other = member(owner.organization, role), member(owner.organization, Role.VIEWER)

    with pytest.raises(NotAllowed, match="Only admins and owners"):
        change_role(membership=other, role=Role.EDITOR, by=actor, now=utcnow())
    with pytest.raises(NotAllowed, match="Only admins and owners"):
        remove_member(membership=other, by=actor, now=utcnow())


def test_an_admin_neither_makes_nor_touches_owners(owner: Person) -> None:
    admin, editor = member(owner.organization, Role.ADMIN), member(owner.organization, Role.EDITOR)
    attempts: list[Callable[[], None]] = [
        lambda: change_role(membership=editor, role=Role.OWNER, by=admin, now=utcnow()),
        lambda: change_role(membership=admin, role=Role.OWNER, by=admin, now=utcnow()),
        lambda: change_role(membership=place(owner.user), role=Role.VIEWER, by=admin, now=utcnow()),
        lambda: remove_member(membership=place(owner.user), by=admin, now=utcnow()),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed, match="Only an owner"):
            attempt()

    change_role(membership=editor, role=Role.ADMIN, by=admin, now=utcnow())
    assert place(editor.user).role == Role.ADMIN


def test_the_last_owner_neither_leaves_nor_steps_down(owner: Person) -> None:
    last = place(owner.user)
    with pytest.raises(NotAllowed, match="needs an owner"):
        leave(membership=last, now=utcnow())
    with pytest.raises(NotAllowed, match="needs an owner"):
        change_role(membership=last, role=Role.ADMIN, by=last, now=utcnow())

    member(owner.organization, Role.OWNER)
    leave(membership=last, now=utcnow())
    assert not Membership.objects.filter(user=owner.user).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one_behind() -> None:
    organization = make_organization()
    first, second = (member(organization, Role.OWNER) for _ in range(2))
    refused: list[str] = []

    def go() -> None:
        try:
            leave(membership=second, now=utcnow())
        except NotAllowed as error:
            refused.append(str(error))
        connection.close()

    other = threading.Thread(target=go)
    with transaction.atomic():
        leave(membership=first, now=utcnow())
        other.start()
        until_somebody_waits()  # for what becomes of the first
    other.join()

    assert [place.user for place in Membership.objects.filter(organization=organization)] == [second.user]
    assert len(refused) == 1


def test_nobody_is_reached_in_another_organization(owner: Person, stranger: Person) -> None:
    with pytest.raises(NotAllowed, match="no longer a member"):
        remove_member(membership=place(owner.user), by=place(stranger.user), now=utcnow())
    with pytest.raises(NotAllowed, match="no longer a member"):
        change_role(membership=place(owner.user), role=Role.VIEWER, by=place(stranger.user), now=utcnow())


def test_the_keys_of_who_is_removed_stop_and_the_others_do_not(owner: Person, teammate: Person) -> None:
    assert key_works(teammate)

    remove_member(membership=place(teammate.user), by=place(owner.user), now=utcnow())

    assert not key_works(teammate)
    assert key_works(owner)


def test_a_key_does_not_keep_what_a_role_has_lost(owner: Person, teammate: Person) -> None:
    _, raw = create_api_key(
        organization=owner.organization, name="Reads", by=teammate.user, scopes=["posts:read", "accounts:read"]
    )
    reads = Person(teammate.user, owner.organization, raw)

    change_role(membership=place(teammate.user), role=Role.VIEWER, by=place(owner.user), now=utcnow())

    assert not key_works(teammate)
    assert key_works(reads)

"""What is left to set up: computed from the rows that prove it, never ticked by hand."""

from dataclasses import dataclass

from allauth.mfa.utils import is_mfa_enabled

from chat33.orgs.models import Membership
from chat33.orgs.roles import Permission
from chat33.pages.door import Here
from posts.today import has_posts


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to set up, and the name of the address where that is done."""

    title: str
    why: str
    done: bool
    address: str


@dataclass(frozen=True)
class Checklist:
    """The tasks that this person can do something about."""

    tasks: tuple[Task, ...]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(task.done for task in self.tasks)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left."""
        return self.done == len(self.tasks)


def checklist(here: Here) -> Checklist:
    """What this person can still set up here. A query a task."""
    organization = here.organization
    tasks = [
        (
            Permission.CONNECT,
            Task(
                title="Connect an account",
                why="Posts go to your accounts at the networks. A practice account needs no approval.",
                done=organization.channels.filter(is_active=True).exists(),
                address="channels",
            ),
        ),
        (
            Permission.WRITE,
            Task(
                title="Send a first post",
                why="Write it once, for all accounts at the same time.",
                done=has_posts(organization),
                address="compose",
            ),
        ),
        (
            Permission.PUBLISH,
            Task(
                title="Choose queue times",
                why="Posts then go to the next free time by themselves: no clock to set.",
                done=organization.slots.exists(),
                address="posts",
            ),
        ),
        (
            Permission.MANAGE,
            Task(
                title="Invite a teammate",
                why="Contributors write, editors approve and publish.",
                done=Membership.objects.filter(organization=organization).exclude(user=here.user).exists(),
                address="members",
            ),
        ),
        (
            Permission.READ,
            Task(
                title="Turn on two-factor login",
                why="A stolen password alone then opens nothing.",
                done=is_mfa_enabled(here.user),
                address="mfa_index",
            ),
        ),
    ]
    return Checklist(tuple(task for permission, task in tasks if here.may(permission)))

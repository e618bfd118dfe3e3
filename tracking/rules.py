"""Rules: which event's name puts which label on its contact."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from chat33.orgs.models import Organization
from contacts.labels import UnableToLabel, label_names, labels_named
from tracking.models import Rule

# Chat33, "Webhook Events API": contacts are tagged by event names, e.g. "purchase" as "Purchased".
DEFAULTS: Mapping[str, str] = {"purchase": "Purchased", "signup": "Signed up", "lead": "Lead"}
MOST = 200  # rules of an organization
EVENT = 100  # characters


class UnableToRule(Exception):
    """The rule cannot be made; the message says why."""


def folded(event: str) -> str:
    """An event's name as rules compare it."""
    return event.strip().lower()


@transaction.atomic
def add_rule(*, organization: Organization, event: str, label: str) -> Rule:
    """Let events of this name put this label on their contacts from now on; the label is made if it is missing. A rule
    that is there already is given back. Raises ``UnableToRule``.
    """
    name = folded(event)
    if not name or len(name) > EVENT or not name.isprintable():
        raise UnableToRule(f"Give the event's name, at most {EVENT} characters.")
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # so that the count holds
    try:
        if not label_names([label]):
            raise UnableToRule("Give the label that the event puts on its contact.")
        (found,) = labels_named(organization=organization, names=[label])
    except UnableToLabel as error:
        raise UnableToRule(str(error)) from None
    here = Rule.objects.filter(organization=organization)
    if here.count() >= MOST and not here.filter(event=name, label=found).exists():
        raise UnableToRule(f"There are {MOST} rules already. Remove some that nobody needs.")
    rule, _ = Rule.objects.get_or_create(organization=organization, event=name, label=found)
    return rule


def remove_rule(*, rule: Rule) -> None:
    """End it; labels that it has put on stay."""
    rule.delete()


def give_default_rules(sender: Any, *, instance: Organization, created: bool, raw: bool = False, **_: Any) -> None:
    """Receives ``post_save`` of organizations: a new one begins with ``DEFAULTS``, to be edited."""
    if not created or raw:
        return
    with transaction.atomic():
        labels = {label.name: label for label in labels_named(organization=instance, names=DEFAULTS.values())}
        Rule.objects.bulk_create(
            [Rule(organization=instance, event=event, label=labels[name]) for event, name in DEFAULTS.items()]
        )


def rules_for(organization: Organization) -> QuerySet[Rule]:
    """The organization's rules with their labels, by event."""
    return Rule.objects.filter(organization=organization).select_related("label").order_by("event", "label__name", "id")


def rules_by_event(organizations: Iterable[int]) -> dict[tuple[int, str], list[tuple[str, int]]]:
    """For each organization (primary key) and event's name, folded: the rules' public ids and their labels' keys."""
    found: dict[tuple[int, str], list[tuple[str, int]]] = {}
    rows = Rule.objects.filter(organization__in=list(organizations)).order_by("id")
    for rule, organization, event, label in rows.values_list("public_id", "organization", "event", "label"):
        found.setdefault((organization, event), []).append((rule, label))
    return found

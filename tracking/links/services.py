"""Writes about links: making one, changing it, putting it away. A code is never given to another link."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from chat33.orgs.models import Organization
from tracking.links.codes import new_code
from tracking.links.drafts import Draft, checked
from tracking.links.utm import UnableToBuild
from tracking.models import Link

TRIES = 5  # of codes of our own; two that meet are rarer than a broken disk
TAKEN = "This short address is taken. Choose another."


def create_link(*, organization: Organization, draft: Draft, by: str, now: datetime) -> Link:
    """A new link. ``by`` is the public id of the person or the key. Raises ``UnableToBuild``."""
    fields = checked(draft, now=now).fields
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return Link.objects.create(
                    organization=organization, code=draft.code or new_code(), created_by=by, created_at=now, **fields
                )
        except IntegrityError as error:
            if draft.code or not _is_about_code(error):
                raise _refusal(error) from None
    raise UnableToBuild({"code": TAKEN})


def update_link(*, link: Link, draft: Draft, now: datetime) -> Link:
    """The link as the draft has it; its code and its clicks stay. Raises ``UnableToBuild``."""
    fields = checked(draft, now=now, link=link).fields
    for name, value in fields.items():
        setattr(link, name, value)
    link.save(update_fields=[*fields, "updated_at"])
    return link


def archive_link(*, link: Link, now: datetime) -> Link:
    """Put it away: its short address leads nowhere any more, its figures stay. Twice changes nothing."""
    if link.archived_at is None:
        link.archived_at = now
        link.save(update_fields=["archived_at", "updated_at"])
    return link


def restore_link(*, link: Link) -> Link:
    """Let it lead again."""
    link.archived_at = None
    link.save(update_fields=["archived_at", "updated_at"])
    return link


def move_links(*, organization: Organization, ids: Sequence[str], folder: str, now: datetime) -> int:
    """Put links into a folder; an empty one takes them out. Returns how many there were."""
    name = " ".join(folder.replace("\x00", " ").split())[:80]
    return Link.objects.filter(organization=organization, public_id__in=ids).update(folder=name, updated_at=now)


def _is_about_code(error: IntegrityError) -> bool:
    return "code" in str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))


def _refusal(error: IntegrityError) -> Exception:
    return UnableToBuild({"code": TAKEN}) if _is_about_code(error) else error

"""The admin's search over everything: organizations, people, channels, posts, keys and what else has an id, by the
beginning of an id, an e-mail address or a name.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from chat33.operators import change_url, excerpt
from chat33.orgs.models import Organization, Package, User
from integrations.models import ApiKey, Callback, Channel
from posts.models import Media, Post

EACH = 6  # found of each kind, at most
SHORTEST = 2  # characters that are looked for


@dataclass(frozen=True)
class Kind:
    """One kind of row: how its ids begin, and in which other columns a person would look for it."""

    model: type[Model]
    prefix: str
    icon: str
    words: tuple[str, ...] = ()
    about: Callable[[Any], str] = str

    def find(self, term: str) -> Iterable[Any]:
        """The rows that begin so. By an id only where the term can be the beginning of one."""
        rows: Any = self.model._default_manager
        if term.startswith(f"{self.prefix}_"):
            # Ids after their prefix are digits and small letters, which sort alike everywhere: those that begin with the
            # term are the first ones from it on, and the index finds them whatever the database's collation.
            found = rows.filter(public_id__gte=term).order_by("public_id")[:EACH]
            return [row for row in found if row.public_id.startswith(term)]
        if not self.words:
            return []
        condition = Q()
        for word in self.words:
            condition |= Q(**{f"{word}__istartswith": term})
        return list(rows.filter(condition).order_by("-pk")[:EACH])


KINDS = (
    Kind(Organization, "org", "business", ("name",)),
    Kind(User, "usr", "person", ("email", "name"), lambda user: user.name),
    Kind(Channel, "chan", "hub", ("name", "username"), lambda channel: f"@{channel.username}, {channel.public_id}"),
    Kind(ApiKey, "key", "key", ("name", "prefix"), lambda key: key.public_id),
    Kind(Post, "post", "send", (), lambda post: f"{post.status}: {excerpt(post.text)}"),
    Kind(Media, "media", "image", (), lambda media: media.public_id),
    Kind(Callback, "cb", "webhook", (), lambda callback: callback.status),
    Kind(Package, "pkg", "package_2", ("name",), lambda package: package.public_id),
)


def everywhere(request: HttpRequest, term: str) -> list[SearchResult]:
    """What begins with the term, of the kinds that the operator may see. The term comes in small letters."""
    term = term.strip()
    if len(term) < SHORTEST or "\x00" in term:
        return []
    return [
        SearchResult(
            title=str(row),
            description=f"{str(kind.model._meta.verbose_name).capitalize()} {_about(kind, row)}".strip(),
            link=change_url(kind.model, row.pk),
            icon=kind.icon,
        )
        for kind in KINDS
        if _may_see(request, kind.model)
        for row in kind.find(term)
    ]


def _about(kind: Kind, row: Any) -> str:
    told = kind.about(row)
    return f"· {told}" if told and told != str(row) else ""


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    app, name = model._meta.app_label, model._meta.model_name
    return any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))

"""What the operators' admin pages share: rows to look at, links between them, colored words, and actions that answer row
by row. The pages themselves are in each app's ``admin.py``.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold import decorators

from chat33.lib.clock import utcnow
from chat33.logs import redact

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, SimpleListFilter, TabularInline

    Admin = ModelAdmin[Any]
    Inline = TabularInline[Any, Any]
    ListFilter = SimpleListFilter
else:
    from unfold.admin import ModelAdmin as Admin
    from unfold.admin import TabularInline as Inline
    from unfold.contrib.filters.admin import DropdownFilter as ListFilter

MANY = 200  # rows that one action takes on, so that it ends while somebody waits for it
REFUSALS = 20  # of them that are told one by one

SUCCESS, INFO, WARNING, DANGER = "success", "info", "warning", "danger"

NOTHING = "-"

Method = TypeVar("Method", bound=Callable[..., Any])


def display(**options: Any) -> Callable[[Method], Method]:
    """django-unfold's ``display``: how a method is shown as a column or field."""
    decorator: Callable[[Method], Method] = decorators.display(**options)
    return decorator


def action(description: str) -> Callable[[Method], Method]:
    """An action, for those who may operate the rows."""
    decorator: Callable[[Method], Method] = decorators.action(description=description, permissions=["operate"])
    return decorator


class WordFilter(ListFilter):
    """A list by a word that no column holds: each word with its text and its condition."""

    words: Mapping[str, tuple[str, Callable[[datetime], Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The words."""
        return [(word, text) for word, (text, _) in self.words.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The rows that it is true of; for a word that is none, all."""
        chosen = self.words.get(str(self.value()))
        return queryset.filter(chosen[1](utcnow())) if chosen else queryset


def words_of(column: str, values: Iterable[str]) -> dict[str, tuple[str, Callable[[datetime], Q]]]:
    """The words of a column that holds one of a few, so that the list need not look for them in all its rows."""
    return {value: (value.replace("_", " ").capitalize(), partial(_equals, column, value)) for value in values}


def _equals(column: str, value: str, now: datetime) -> Q:
    return Q(**{column: value})


class UnableToDo(Exception):
    """The row's state does not allow the action; the message says why."""


class OperatorAdmin(Admin):
    """A list that stays fast with a million rows, and a page with the actions that fit its row."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = True
    change_form_outer_before_template = "operators/row_actions.html"

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may use actions: who may change the rows, even where no form offers to."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    def offers(self, row: Any) -> Iterable[str]:
        """The names of the actions that the row's page shows; the list shows all."""
        return [str(name) for name in self.actions or ()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page, its buttons included."""
        row = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        buttons = []
        if row is not None:
            allowed = self.get_actions(request)
            buttons = [(name, found[2]) for name in self.offers(row) if (found := allowed.get(name))]
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "row_actions": buttons})

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponse | None:  # type: ignore[override]  # Django's returns None too
        """Run the action; from a row's page, back to it."""
        response = super().response_action(request, queryset)
        row = request.POST.get("_from_row", "")
        if isinstance(response, HttpResponseRedirect) and row.isdigit():
            return HttpResponseRedirect(change_url(self.model, int(row)))
        return response

    def run(
        self,
        request: HttpRequest,
        rows: "QuerySet[Any]",
        change: Callable[[Any], Any],
        done: str,
        *,
        at_most: int = MANY,
    ) -> None:
        """Do it to each row, in the order they came to be, and say of each what became of it: how many are ``done``, and
        each refusal (``UnableToDo``) with its reason. What is done is in the row's history, under the operator's name.
        """
        chosen = list(rows.order_by("pk")[: at_most + 1])
        if len(chosen) > at_most:
            text = f"Choose at most {at_most} at once; nothing was changed."
            return self.message_user(request, text, messages.ERROR)
        finished, refusals = [], []
        for row in chosen:
            try:
                change(row)
            except UnableToDo as refusal:
                refusals.append(f"{row}: {refusal}")
            else:
                finished.append(row)
        record(request, finished, done)
        if finished:
            noun = self.opts.verbose_name if len(finished) == 1 else self.opts.verbose_name_plural
            self.message_user(request, f"{len(finished)} {noun} {done}.", messages.SUCCESS)
        for text in refusals[:REFUSALS]:
            self.message_user(request, text, messages.WARNING)
        if len(refusals) > REFUSALS:
            self.message_user(request, f"… and {len(refusals) - REFUSALS} more were refused.", messages.WARNING)
        return None


class ReadOnlyAdmin(OperatorAdmin):
    """Rows that only the services write: editing one by hand would break what they promise."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may view them, or change them: that is, act on them."""
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)


class OwnedAdmin(ReadOnlyAdmin):
    """Rows of an organization, which they lead to."""

    list_select_related: ClassVar[tuple[str, ...]] = ("organization",)

    @display(description="Organization", ordering="organization__name")
    def owner(self, row: Any) -> SafeString | str:
        """Whose."""
        return link(row.organization)


class ReadOnlyInline(Inline):
    """Rows of another kind below a row, to look at."""

    extra = 0
    can_delete = False
    per_page = 20
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


def record(request: HttpRequest, rows: Iterable[Model], done: str) -> None:
    """Into the rows' history: who did it and when."""
    rows = list(rows)
    if rows and request.user.pk is not None:
        LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, f"{done[:1].upper()}{done[1:]}.")


def change_url(model: type[Model], pk: int | str) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def list_url(model: type[Model], **filters: str | int) -> str:
    """The address of a list, filtered: lookups as Django's admin takes them, ``q`` for its search."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def anchor(url: str, text: str) -> SafeString:
    """A link in the admin's look."""
    return format_html('<a class="operators-link" href="{}">{}</a>', url, text)


def link(row: Model | None, text: str = "") -> SafeString | str:
    """A link to a row's page; a dash for none."""
    return anchor(change_url(type(row), row.pk), text or str(row)) if row is not None else NOTHING


def links(found: Mapping[str, str]) -> SafeString:
    """Several links in a row: text to address."""
    return format_html_join("  ·  ", "{}", ((anchor(url, text),) for text, url in found.items()))


def pill(word: str, colors: Mapping[str, str]) -> SafeString:
    """A word in the color that says how good that is."""
    return render_to_string("unfold/helpers/label.html", {"text": word, "type": colors.get(word, "")})


def outside(url: str | None) -> SafeString | str:
    """A link that leaves the admin, without what may open something in it; a dash for none."""
    if not url:
        return NOTHING
    shown = str(redact(url))
    if shown != url or not url.startswith(("https://", "http://", "/")):
        return shown
    return format_html(
        '<a class="operators-link break-all" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        url,
        shown if len(shown) <= 90 else f"{shown[:88]}…",
    )


def document(value: Any) -> SafeString | str:
    """JSON to read, without what may open something in it; a dash for nothing."""
    if not value:
        return NOTHING
    text = json.dumps(redact(value), indent=2, ensure_ascii=False)
    return format_html('<pre class="operators-document">{}</pre>', text)


def excerpt(text: str | None, length: int = 60) -> str:
    """The beginning of a text, on one line; a dash for none."""
    flat = " ".join((text or "").split())
    return (flat if len(flat) <= length else f"{flat[: length - 1]}…") or NOTHING

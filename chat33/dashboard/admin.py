"""For operators: the processes of this installation, its outbox, and what people and programs asked of it."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.paginator import InfinitePaginator

from chat33.dashboard.health import SILENCE
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.operators import (
    DANGER,
    INFO,
    SUCCESS,
    OwnedAdmin,
    ReadOnlyAdmin,
    UnableToDo,
    WordFilter,
    action,
    display,
    excerpt,
    pill,
)
from chat33.orgs.models import Invitation, OutgoingEmail
from chat33.orgs.outbox import hurry_email
from integrations.models import ApiRequest
from posts.models import Import

admin.site.index_title = "Overview"
# A person's address is the person's row; their second factors and where they are logged in are nobody else's business.
admin.site.unregister([EmailAddress, Authenticator, UserSession])


class EmailFilter(WordFilter):
    """E-mails by how they fare."""

    title = "state"
    parameter_name = "state"
    words = {
        "waiting": ("Waiting", lambda now: Q(due_at__isnull=False)),
        "late": ("Due and waiting", lambda now: Q(due_at__lte=now)),
        "given_up": ("Given up", lambda now: Q(due_at=None, sent_at=None)),
        "sent": ("Sent", lambda now: Q(sent_at__isnull=False)),
    }


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(ReadOnlyAdmin):
    """The outbox. What an e-mail says is shown to nobody, as it may carry links that open something."""

    list_display = ["to", "subject", "state", "attempts", "due_at", "sent_at", "trouble"]
    list_filter = [EmailFilter]
    paginator = InfinitePaginator
    search_fields = ["to", "=public_id", "=request_id"]
    search_help_text = "An address, or the whole mail_… or request id"
    ordering = ["-id"]
    actions = ["hurry"]
    fields = ["public_id", "to", "subject", "state", "attempts", "due_at", "leased_until", "last_error", "created_at",
              "sent_at", "request_id"]  # fmt: skip
    readonly_fields = ["state"]

    def offers(self, row: OutgoingEmail) -> Iterable[str]:
        """Trying one that waits."""
        return ["hurry"] if row.due_at else []

    @action("Try to send now")
    def hurry(self, request: HttpRequest, rows: "QuerySet[OutgoingEmail]") -> None:
        """Do not wait for the next attempt."""

        def change(email: OutgoingEmail) -> None:
            if not hurry_email(email=email, now=utcnow()):
                raise UnableToDo("It does not wait: it is sent, given up, due or just being sent.")

        self.run(request, rows, change, "about to be sent")

    @display(description="State")
    def state(self, email: OutgoingEmail) -> SafeString:
        """Where it stands."""
        word = "sent" if email.sent_at else "waiting" if email.due_at else "given up"
        return pill(word, {"sent": SUCCESS, "waiting": INFO, "given up": DANGER})

    @display(description="Last error")
    def trouble(self, email: OutgoingEmail) -> str:
        """In short."""
        return excerpt(email.last_error)


@admin.register(Invitation)
class InvitationAdmin(OwnedAdmin):
    """Who was invited where. The links are shown to nobody."""

    list_display = ["__str__", "owner", "role", "state", "invited_by", "created_at", "expires_at"]
    list_filter = [("organization", AutocompleteSelectFilter)]
    list_select_related = ("organization", "invited_by")
    search_fields = ["=public_id", "email", "organization__name"]
    search_help_text = "The whole inv_…, an e-mail address or organization"
    fields = ["public_id", "owner", "email", "role", "state", "invited_by", "created_at", "expires_at", "accepted_by",
              "accepted_at", "revoked_at"]  # fmt: skip
    readonly_fields = ["owner", "state"]

    @display(description="State")
    def state(self, invitation: Invitation) -> SafeString:
        """Whether it can be accepted."""
        closed = "accepted" if invitation.accepted_at else "revoked" if invitation.revoked_at else "expired"
        return pill("open" if invitation.is_open(utcnow()) else closed, {"open": INFO, "accepted": SUCCESS})


@admin.register(Import)
class ImportAdmin(OwnedAdmin):
    """Files of posts, and how far their rows are."""

    list_display = ["name", "public_id", "owner", "status", "due_at", "created_at"]
    list_filter = [("status", ChoicesDropdownFilter), ("organization", AutocompleteSelectFilter)]
    search_fields = ["=public_id", "name", "organization__name"]
    search_help_text = "The whole imp_…, the file's name or organization"
    fields = [
        "public_id",
        "name",
        "owner",
        "status",
        "timezone",
        "columns",
        "created_by",
        "created_at",
        "due_at",
        "fence",
    ]
    readonly_fields = ["owner"]


@admin.register(ApiRequest)
class ApiRequestAdmin(OwnedAdmin):
    """Requests to the API whose caller was known, of the last days."""

    list_display = ["created_at", "method", "path", "status", "error", "owner", "milliseconds", "request_id"]
    list_filter = [("organization", AutocompleteSelectFilter)]
    paginator = InfinitePaginator
    search_fields = ["=request_id", "=public_id", "=path"]
    search_help_text = "The whole req_…, call_… or path"
    ordering = ["-id"]
    fields = ["public_id", "owner", "method", "path", "query", "status", "error", "message", "milliseconds", "key", "user",
              "request_id", "address", "client", "created_at"]  # fmt: skip
    readonly_fields = ["owner"]


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When each kind of process last did its work."""

    list_display = ["name", "state", "seen_at"]
    search_fields = ["name"]
    fields = ["name", "state", "seen_at"]
    readonly_fields = ["state"]

    @display(description="State")
    def state(self, heartbeat: Heartbeat) -> SafeString:
        """Whether it was heard from lately."""
        word = "working" if utcnow() - heartbeat.seen_at < SILENCE else "silent"
        return pill(word, {"working": SUCCESS, "silent": DANGER})

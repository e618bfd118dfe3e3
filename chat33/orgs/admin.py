"""For operators: organizations, the people in them, and packages."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from chat33.api.limits import overrides_problems
from chat33.lib.clock import utcnow
from chat33.operators import (
    DANGER,
    NOTHING,
    SUCCESS,
    WARNING,
    Inline,
    OperatorAdmin,
    OwnedAdmin,
    UnableToDo,
    WordFilter,
    action,
    display,
    link,
    links,
    list_url,
    pill,
)
from chat33.orgs import viewing
from chat33.orgs.models import Membership, Organization, Package, User, ViewAs

if TYPE_CHECKING:
    FormBase = ModelForm[Any]
else:
    FormBase = ModelForm


class MembershipInline(Inline):
    """Who is in an organization, or where a person is."""

    model = Membership
    extra = 0
    hide_title = True
    autocomplete_fields = ["user", "organization"]
    fields = ["organization", "user", "role", "created_at"]
    readonly_fields = ["created_at"]
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        """With both ends, which every row names."""
        return super().get_queryset(request).select_related("organization", "user")


class MembersInline(MembershipInline):
    """The people of an organization."""

    fields = ["user", "role", "created_at"]


class PlacesInline(MembershipInline):
    """The organizations of a person."""

    fields = ["organization", "role", "created_at"]
    verbose_name_plural = "organizations"


@admin.register(Organization)
class OrganizationAdmin(OperatorAdmin):
    """Every tenant, and the way to all its rows."""

    list_display = ["name", "public_id", "package_link", "package_state", "members", "timezone", "created_at"]
    list_filter = ["package", "created_at"]
    search_fields = ["name", "public_id", "memberships__user__email"]
    search_help_text = "Name, org_… or a member's e-mail"
    autocomplete_fields = ["package"]
    readonly_fields = ["public_id", "currency", "rows", "view_as", "created_at"]
    inlines = [MembersInline]
    fieldsets = [
        (None, {"fields": ["name", "public_id", "timezone", "currency", "rows", "view_as", "created_at"]}),
        ("Package", {"fields": ["package", "package_expires_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Organization]":
        """With the package and the number of members."""
        rows: QuerySet[Organization] = super().get_queryset(request)
        return rows.select_related("package").annotate(member_count=Count("memberships", distinct=True))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: its posts, and what networks know of them, hang on it."""
        return False

    @display(description="Package", ordering="package__name")
    def package_link(self, organization: Organization) -> SafeString | str:
        """The package."""
        return link(organization.package)

    @display(description="Validity")
    def package_state(self, organization: Organization) -> SafeString | str:
        """Whether the package still counts."""
        if organization.package is None:
            return NOTHING
        expires = organization.package_expires_at
        word = "expired" if expires is not None and expires <= utcnow() else "valid"
        return pill(word, {"valid": SUCCESS, "expired": DANGER})

    @display(description="Members", ordering="member_count")
    def members(self, organization: Any) -> int:
        """How many."""
        return int(organization.member_count)

    @display(description="Dashboard")
    def view_as(self, organization: Organization) -> SafeString | str:
        """The way in, to look and not to touch; and who went it before."""
        if organization._state.adding:
            return NOTHING
        into = reverse("view_as", args=[organization.public_id])
        return links({"View as a member": into, "Who has": list_url(ViewAs, organization__id__exact=organization.pk)})

    @display(description="Its rows")
    def rows(self, organization: Organization) -> SafeString | str:
        """The lists of everything it owns."""
        if organization._state.adding:
            return NOTHING
        names = {
            "Channels": "integrations_channel",
            "Posts": "posts_post",
            "Media": "posts_media",
            "API keys": "integrations_apikey",
            "Callbacks": "integrations_callback",
            "Notices": "integrations_notice",
        }
        return links({
            text: f"{reverse(f'admin:{name}_changelist')}?organization__id__exact={organization.pk}"
            for text, name in names.items()
        })  # fmt: skip


class _OneSpelling(FormBase):
    """An e-mail address is kept in one spelling, as people who sign up get it, so that it is taken only once."""

    def clean_email(self) -> str:
        """Raises ``ValidationError`` for one that somebody has in another spelling."""
        email = User.objects.normalize_email(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError("Somebody has this e-mail address.")
        return email


class CreatePersonForm(_OneSpelling, UserCreationForm):  # type: ignore[misc]  # the stubs do not know unfold's
    """A new person, with their password."""


class ChangePersonForm(_OneSpelling, UserChangeForm):  # type: ignore[misc]  # as above
    """A person; the password has a page of its own."""


@admin.register(User)
class UserAdmin(OperatorAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """People, who log in by e-mail."""

    form = ChangePersonForm
    add_form = CreatePersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "organizations", "is_active", "is_staff", "last_login", "date_joined"]
    list_filter = ["is_active", "is_staff", "is_superuser", "date_joined"]
    search_fields = ["email", "name", "public_id"]
    search_help_text = "E-mail, name or usr_…"
    ordering = ["email"]
    readonly_fields = ["public_id", "view_as", "last_login", "date_joined"]
    filter_horizontal = ["groups", "user_permissions"]
    inlines = [PlacesInline]
    fieldsets = [
        (None, {"fields": ["email", "name", "public_id", "view_as", "password"]}),
        ("Operator", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["email", "name", "usable_password", "password1", "password2"]})
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        """With the organizations, which the list names."""
        return super().get_queryset(request).prefetch_related("memberships__organization")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Only a superuser gives or takes an operator's rights, or else any operator could give themselves all."""
        rights = [] if _is_superuser(request) else ["is_staff", "is_superuser", "groups", "user_permissions"]
        return [*self.readonly_fields, *rights]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody below changes a superuser, whose password would make them one."""
        above = isinstance(obj, User) and obj.is_superuser and not _is_superuser(request)
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: what a person did stays theirs; take ``active`` away instead."""
        return False

    @display(description="Organizations")
    def organizations(self, user: User) -> SafeString | str:
        """Where they have a place, and which."""
        places = {
            f"{place.organization} ({place.role})": list_url(Organization, q=place.organization.public_id)
            for place in user.memberships.all()
        }
        return links(places) or NOTHING

    @display(description="View as them")
    def view_as(self, user: User) -> SafeString | str:
        """Each organization of theirs, as they see it."""
        found = {
            f"at {place.organization}": f"{reverse('view_as', args=[place.organization.public_id])}?member={user.public_id}"
            for place in user.memberships.all()
        }
        return links(found) or NOTHING


class PackageForm(FormBase):
    """A package whose limits can be read."""

    def clean_limits(self) -> dict[str, Any]:
        """Raises ``ValidationError`` for a limit nobody knows, or one that is no limit."""
        limits: Any = self.cleaned_data["limits"] or {}
        problems = overrides_problems(limits)
        if problems:
            raise ValidationError(problems)
        return dict(limits)


@admin.register(Package)
class PackageAdmin(OperatorAdmin):
    """What organizations buy."""

    form = PackageForm
    list_display = ["name", "public_id", "price", "validity_days", "bought", "created_at"]
    search_fields = ["name", "public_id"]
    readonly_fields = ["public_id", "buyers", "created_at"]
    fieldsets = [
        (None, {"fields": ["name", "public_id", "price", "validity_days", "limits", "buyers", "created_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Package]":
        """With the number of organizations that have it."""
        rows: QuerySet[Package] = super().get_queryset(request)
        return rows.annotate(buyer_count=Count("organizations"))

    @display(description="Organizations", ordering="buyer_count")
    def bought(self, package: Any) -> SafeString | str:
        """How many have it."""
        return links({str(package.buyer_count): list_url(Organization, package__id__exact=package.pk)})

    @display(description="Organizations")
    def buyers(self, package: Package) -> SafeString | str:
        """Those that have it."""
        return links({"Organizations with it": list_url(Organization, package__id__exact=package.pk)})


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(OperatorAdmin):
    """Operators' rights, given together."""

    search_fields = ["name"]
    filter_horizontal = ["permissions"]


class ViewingFilter(WordFilter):
    """Viewings that go on, and those that are over."""

    title = "state"
    parameter_name = "state"
    words = {
        "running": ("Running", lambda now: Q(ended_at=None, ends_at__gt=now)),
        "over": ("Over", lambda now: Q(ended_at__isnull=False) | Q(ends_at__lte=now)),
    }


@admin.register(ViewAs)
class ViewAsAdmin(OwnedAdmin):
    """Which operator looked at which organization, as whom, why and how long."""

    list_display = ["operator_link", "owner", "role", "reason", "state", "started_at", "ended"]
    list_filter = [ViewingFilter, ("organization", AutocompleteSelectFilter), ("operator", AutocompleteSelectFilter)]
    list_select_related = ("organization", "operator", "member")
    search_fields = ["operator__email", "organization__name", "organization__public_id", "member__email", "reason"]
    search_help_text = "An operator's or member's e-mail, organization, org_… or reason"
    actions = ["end"]
    fields = ["operator_link", "owner", "role", "member_link", "reason", "state", "started_at", "ends_at", "ended_at"]
    readonly_fields = ["operator_link", "owner", "member_link", "state"]

    def offers(self, row: ViewAs) -> Iterable[str]:
        """Ending one that goes on."""
        return ["end"] if row.runs(utcnow()) else []

    @action("End now")
    def end(self, request: HttpRequest, rows: "QuerySet[ViewAs]") -> None:
        """The operator is themselves again with their next request."""

        def change(row: ViewAs) -> None:
            if not viewing.end_viewing(viewing=row, now=utcnow()):
                raise UnableToDo("It is over already.")

        self.run(request, rows, change, "ended")

    @display(description="Operator", ordering="operator__email")
    def operator_link(self, row: ViewAs) -> SafeString | str:
        """Who looked."""
        return link(row.operator)

    @display(description="Member")
    def member_link(self, row: ViewAs) -> SafeString | str:
        """Through whose eyes, if not just a role's."""
        return link(row.member)

    @display(description="State")
    def state(self, row: ViewAs) -> SafeString:
        """Whether it goes on."""
        word = "running" if row.runs(utcnow()) else "ended" if row.ended_at else "ran out"
        return pill(word, {"running": WARNING})

    @display(description="Until", ordering="ends_at")
    def ended(self, row: ViewAs) -> Any:
        """When it was ended, or ends by itself."""
        return row.ended_at or row.ends_at


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser

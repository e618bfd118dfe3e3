"""The operators' page of the sandbox: the faults it plays, its clock, and what it has made visible."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from integrations import control
from integrations.models import Platform

STEER = "dashboard.steer_sandbox"
SHOWN = 50  # of the posts

PLATFORMS = [("*", "every network"), *Platform.choices]
MOVES = [("3600", "an hour"), ("86400", "a day"), ("604800", "a week"), ("5184000", "60 days, when tokens end")]

if TYPE_CHECKING:
    Form = forms.Form
else:
    from django.forms import Form


class RuleForm(Form):
    """A fault to play."""

    platform = forms.ChoiceField(choices=PLATFORMS, widget=UnfoldAdminSelectWidget, label="Network")
    step = forms.ChoiceField(
        choices=[(step, step) for step in control.STEPS],
        initial="commit",
        widget=UnfoldAdminSelectWidget,
        help_text="commit is the one that makes a post visible.",
    )
    mode = forms.ChoiceField(choices=list(control.MODES.items()), widget=UnfoldAdminSelectWidget, label="What happens")
    times = forms.IntegerField(min_value=1, max_value=10_000, initial=1, widget=UnfoldAdminIntegerFieldWidget)
    status = forms.IntegerField(
        min_value=400, max_value=599, initial=500, widget=UnfoldAdminIntegerFieldWidget, help_text="When it refuses."
    )
    seconds = forms.IntegerField(
        min_value=0,
        max_value=600,
        initial=60,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="When it hangs or is slow.",
    )
    body = forms.CharField(
        required=False,
        max_length=10_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="What it refuses with, as JSON; empty for the network's own words.",
    )

    def clean_body(self) -> Any:
        """What was written, read. Raises ``ValidationError``."""
        text = self.cleaned_data["body"]
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is not JSON.") from None

    def rule(self) -> control.FaultRule:
        """What was written, once it is valid."""
        return control.FaultRule(**self.cleaned_data)


class ClockForm(Form):
    """How far to move the clock."""

    advance = forms.ChoiceField(choices=MOVES, widget=UnfoldAdminSelectWidget, label="Move the clock forward by")


def may_steer(request: HttpRequest) -> bool:
    """Whether the operator may, and there is something to steer."""
    return control.is_there() and bool(request.user.has_perm(STEER))


@require_http_methods(["GET", "HEAD", "POST"])
def sandbox(request: HttpRequest) -> HttpResponse:
    """The page, and what its buttons send. Networks of the real world know none of it."""
    if not control.is_there():
        raise Http404
    if not request.user.has_perm(STEER):
        raise PermissionDenied
    form = RuleForm(request.POST if request.POST.get("do") == "add" else None)
    if request.method == "POST":
        try:
            done = _do(request, form)
        except control.SandboxAway as error:
            messages.error(request, str(error))
            return redirect("operators_sandbox")
        if done:
            messages.success(request, done)
            return redirect("operators_sandbox")
    return render(request, "operators/sandbox.html", {**_context(request), "form": form, "clock_form": ClockForm()})


def _do(request: HttpRequest, form: RuleForm) -> str:
    """What was done, in words; nothing when the form has to be shown again. Raises ``SandboxAway``."""
    wish = request.POST.get("do")
    if wish == "add" and form.is_valid():
        control.add_rule(form.rule())
        return "The rule is in place. It is played from the next request on."
    if wish == "drop":
        control.drop_rule(request.POST.get("rule", ""))
        return "The rule is gone." if request.POST.get("rule") else "All rules are gone."
    clock = ClockForm(request.POST)
    if wish == "clock" and clock.is_valid():
        told = control.advance_clock(float(clock.cleaned_data["advance"]))
        return f"The sandbox's clock shows {told[:19].replace('T', ' ')} UTC now."
    return ""


def _context(request: HttpRequest) -> dict[str, Any]:
    """What the sandbox tells; while it is away, that."""
    platform = request.GET.get("platform", "")
    known = platform if platform in Platform.values else ""
    found: dict[str, Any] = {"title": "Sandbox", "platform": known, "platforms": Platform.choices}
    try:
        posts = control.visible_posts(known)
        told = control.advance_clock(0)
        found |= {
            "rules": [_shown(rule) for rule in control.fault_rules()],
            "posts": [_seen(post) for post in posts[:SHOWN]],
            "count": len(posts),
            "now": _moment(told),
        }
    except control.SandboxAway as error:
        found["away"] = str(error)
    return {**admin.site.each_context(request), **found}


def _shown(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as a row of the table."""
    body = json.dumps(rule["body"], ensure_ascii=False) if rule.get("body") is not None else ""
    mode = control.MODES.get(str(rule.get("mode")), rule.get("mode"))
    return {**rule, "body": body, "words": mode, "network": dict(PLATFORMS).get(str(rule.get("platform")), "")}


def _seen(post: dict[str, Any]) -> dict[str, Any]:
    """A visible post as a row of the table."""
    network = dict(PLATFORMS).get(str(post.get("platform")), "")
    return {**post, "at": _moment(post.get("at", "")), "network": network}


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

"""The page of rules: which event puts which label on its contact."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.saying import say
from contacts.selectors import labels_for
from tracking.forms import RuleForm
from tracking.rules import UnableToRule, add_rule, remove_rule, rules_for

OFFERED = 200  # labels to choose from


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PageRequest) -> HttpResponse:
    """``/contacts/rules/``: all of them; a POST adds one."""
    organization, form = request.here.organization, RuleForm(request.POST or None)
    if request.method == "POST":
        if not request.here.may(Permission.CONTACTS):
            return refused(request, Permission.CONTACTS)
        if form.is_valid():
            try:
                made = add_rule(organization=organization, **form.cleaned_data)
            except UnableToRule as error:
                form.add_error(None, str(error))
            else:
                say(request, f"Events called {made.event} put {made.label.name} on their contact from now on.")
                return redirect("rules")
    context = {
        "rules": rules_for(organization),
        "labels": labels_for(organization)[:OFFERED],
        "form": form,
        "may_change": request.here.may(Permission.CONTACTS),
    }
    return render(request, "tracking/rules.html", context, status=422 if form.errors else 200)


@door(Permission.CONTACTS)
@require_POST
def delete_rule(request: PageRequest, rule_id: str) -> HttpResponse:
    """End one."""
    rule = get_object_or_404(rules_for(request.here.organization), public_id=rule_id)
    remove_rule(rule=rule)
    say(request, f"Events called {rule.event} put {rule.label.name} on nobody any more. Who has it keeps it.")
    return redirect("rules")

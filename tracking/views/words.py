"""The vocabulary of campaigns."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.saying import say
from tracking.links.forms import WordForm, tell
from tracking.links.utm import UnableToBuild
from tracking.links.vocabulary import add_term, remove_term, terms_of


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: PageRequest) -> HttpResponse:
    """The words by field, and one more."""
    here = request.here
    form = WordForm(request.POST or None)
    if request.method == "POST":
        if not here.may(Permission.PUBLISH):
            return refused(request, Permission.PUBLISH)
        if form.is_valid():
            try:
                term = add_term(organization=here.organization, now=utcnow(), **form.cleaned_data)
            except UnableToBuild as error:
                tell(form, error.problems)
            else:
                say(request, f"{term.value} is among your words for {term.field}.")
                return redirect("words")
    context = {"form": form, "terms": terms_of(here.organization), "may_write": here.may(Permission.PUBLISH)}
    return render(request, "tracking/words.html", context, status=422 if form.errors else 200)


@door(Permission.PUBLISH)
@require_POST
def remove(request: PageRequest, term_id: str) -> HttpResponse:
    """Take a word away."""
    if not (is_id(term_id, "term") and remove_term(organization=request.here.organization, public_id=term_id)):
        raise Http404
    say(request, "Taken away. Links that have it keep it.")
    return redirect("words")

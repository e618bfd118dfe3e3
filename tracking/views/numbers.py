"""A contact's numbers, for the contact's page."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from contacts.selectors import is_contact_id
from tracking.links.selectors import contact_named
from tracking.results.exploring import TooSlow
from tracking.results.numbers import story_of


@door(Permission.READ)
@require_safe
def contact_numbers(request: PageRequest, contact_id: str) -> HttpResponse:
    """``/tracking/contacts/<id>/``: the card that the contact's page asks for."""
    contact = contact_named(request.here.organization, contact_id) if is_contact_id(contact_id) else None
    if contact is None:
        raise Http404
    try:
        story = story_of(contact)
    except TooSlow:
        story = None
    return render(request, "tracking/_contact_numbers.html", {"contact": contact, "story": story})

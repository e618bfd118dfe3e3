"""Pages whose forms lead to a network: their content policy has to name it, as browsers hold redirects to it too."""

from typing import TypeVar

from django.http import HttpResponse

from integrations import connecting

Answer = TypeVar("Answer", bound=HttpResponse)


def leads_to_networks(response: Answer) -> Answer:
    """Let the page's forms end at the authorization pages of the networks that can be connected here, and nowhere else."""
    where = list(connecting.authorize_origins())
    if where:
        response._csp_update = {"form-action": where}  # type: ignore[attr-defined]  # django-csp reads it
    return response

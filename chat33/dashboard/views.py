"""Pages; the rooms of the dashboard come here."""

from django.http import HttpRequest, HttpResponse

from chat33.api import errors


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: JSON below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return errors.not_found(request, exception)
    return HttpResponse("There is nothing at this address.", status=404, content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: JSON below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return errors.server_error(request)
    return HttpResponse("Something went wrong on our side.", status=500, content_type="text/plain")

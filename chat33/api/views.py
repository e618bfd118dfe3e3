"""The base of every public view: scope, wall, limit headers, one error shape, always JSON."""

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.mediatypes import media_type_matches
from rest_framework.views import APIView

from chat33.api import limits
from chat33.api.schema import Operation


class AlwaysJSON(BaseContentNegotiation):
    """The answer is JSON whatever ``Accept`` asks for: a client that names nothing useful still reads its answer."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser that reads the body's type."""
        return next((parser for parser in parsers if media_type_matches(parser.media_type, request.content_type)), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A public view. Subclasses declare ``scopes`` and ``operations`` by method, and translate, no more."""

    scopes: ClassVar[dict[str, str]] = {}
    usage: limits.Usage | None = None  # the wall's, then that of an operation that counts
    operations: ClassVar[dict[str, Operation]] = {}  # what the schema says of each method
    content_negotiation_class = AlwaysJSON

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authentication and scope, then the wall; and no id has a NUL in it, which PostgreSQL cannot look for."""
        super().initial(request, *args, **kwargs)
        if any("\x00" in value for value in kwargs.values()):
            raise Http404
        caller: Any = request.auth
        self.usage = limits.wall(request._request, subject=caller.public_id, overrides=caller.overrides)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Limited answers say where the caller stands."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        if self.usage is not None:
            for name, value in self.usage.headers().items():
                final.headers.setdefault(name, value)
        return final

"""The base of every public view: scope, wall, limit headers, one error shape."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat33.api import limits
from chat33.api.schema import Operation


class ApiView(APIView):
    """A public view. Subclasses declare ``scopes`` and ``operations`` by method, and translate, no more."""

    scopes: ClassVar[dict[str, str]] = {}
    usage: limits.Usage | None = None  # the wall's, then that of an operation that counts
    operations: ClassVar[dict[str, Operation]] = {}  # what the schema says of each method

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authentication and scope, then the wall."""
        super().initial(request, *args, **kwargs)
        caller: Any = request.auth
        self.usage = limits.wall(request._request, subject=caller.public_id, overrides=caller.overrides)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Limited answers say where the caller stands."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        if self.usage is not None:
            for name, value in self.usage.headers().items():
                final.headers.setdefault(name, value)
        return final

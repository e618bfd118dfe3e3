"""Who may call an operation: a caller with the scope that the view declares for the method."""

from typing import Any, Protocol

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat33.api.errors import InsufficientScope


class Scoped(Protocol):
    """Whatever an authentication puts into ``request.auth``."""

    scopes: frozenset[str]


class HasScope(BasePermission):
    """Reads ``view.scopes``: method to scope. A method that is missing there is refused, so none is open by accident."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """401 without a caller, 403 naming the missing scope, else welcome."""
        caller: Scoped | None = request.auth  # type: ignore[assignment]  # ours, set by integrations.auth
        if caller is None:
            return False
        if getattr(view, str(request.method).lower(), None) is None:
            return True  # there is nothing to guard: 405 says so
        needed = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        if needed is None or needed in caller.scopes:
            return needed is not None or request.method == "OPTIONS"
        raise InsufficientScope(f"This needs the scope {needed}, which the API key or your role does not have.")

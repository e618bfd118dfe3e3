"""Callback deliveries: what was sent to integrators, and sending it again."""

from typing import ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api.pagination import page_of
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from integrations import callbacks
from integrations.api.v1 import docs
from integrations.api.v1.replies import attempt_body, callback_body
from integrations.auth import caller
from integrations.models import Callback
from integrations.selectors import callbacks_for


def callback_named(request: Request, callback_id: str) -> Callback:
    """The caller's callback of this id. Raises ``Http404``."""
    if not is_id(callback_id, "cb"):
        raise Http404
    return get_object_or_404(callbacks_for(caller(request).organization), public_id=callback_id)


class CallbacksView(ApiView):
    """``/callbacks``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_CALLBACKS}

    def get(self, request: Request) -> Response:
        """A page of callbacks, newest first, of one post if asked."""
        rows = callbacks_for(caller(request).organization)
        post_id = request.query_params.get("postId")
        if post_id:
            rows = rows.filter(subject=post_id.replace("\x00", ""))
        items, around = page_of(request, rows)
        return Response({"items": [callback_body(row) for row in items], **around})


class CallbackView(ApiView):
    """``/callbacks/{id}``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.GET_CALLBACK}

    def get(self, request: Request, callback_id: str) -> Response:
        """One callback with every attempt at it."""
        row = callback_named(request, callback_id)
        return Response(
            {**callback_body(row), "tries": [attempt_body(attempt) for attempt in row.tries.order_by("id")]}
        )


class ResendView(ApiView):
    """``/callbacks/{id}/resend``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.RESEND_CALLBACK}

    def post(self, request: Request, callback_id: str) -> Response:
        """Send it again now."""
        row = callback_named(request, callback_id)
        sent = callbacks.resend_callback(callback=row, now=utcnow())
        ring_on_commit("integrations.send_callbacks")
        return Response(callback_body(sent))

"""Postbacks as the edge keeps them."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tracking.models import Postback
from tracking.postbacks.reading import read_due


def keep(organization: Organization, query: Mapping[str, Any] | str = "", body: Any = "", **given: Any) -> Postback:
    """One that waits to be read: fields of a query, or a body (as JSON, unless it is text already)."""
    now = utcnow()
    return Postback.objects.create(
        **{
            "organization": organization, "method": "POST" if body else "GET", "received_at": now, "due_at": now,
            "query": query if isinstance(query, str) else urlencode(query),
            "body": body if isinstance(body, str) else json.dumps(body),
            "content_type": "application/json" if body and not isinstance(body, str) else "", **given,
        }
    )  # fmt: skip


def carried(postback: Postback) -> Postback:
    """What became of it."""
    read_due(seconds=60)
    postback.refresh_from_db()
    return postback

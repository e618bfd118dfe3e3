"""Keeping an MMP's message as it came, before anything else is done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tracking.edge.line import Connection

_STORE = b"""
INSERT INTO tracking_postback (
    public_id, organization_id, received_at, method, content_type, query, body, is_test, status, why, mmp, event_name, key,
    contact_ref, fields, due_at, fence
)
SELECT public_id, organization_id, received_at, method, content_type, query, body, is_test, 'PENDING', '', '', '', '', '',
    '{}'::jsonb, received_at, 0
FROM jsonb_to_recordset(%s::jsonb) AS row(
    public_id text, organization_id bigint, received_at timestamptz, method text, content_type text, query text, body text,
    is_test boolean
)"""


@dataclass(frozen=True, kw_only=True)
class Postback:
    """A message."""

    public_id: str
    organization_id: int
    received_at: datetime
    method: str
    content_type: str
    query: str
    body: str
    is_test: bool


async def keep_postbacks(connection: Connection, postbacks: Sequence[Postback]) -> Sequence[None]:
    """All of them by one statement."""
    await connection.execute(_STORE, [msgspec.json.encode(list(postbacks)).decode()])
    return [None] * len(postbacks)

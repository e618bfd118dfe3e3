"""What came back: tokens that open the doors, links that lead out, and events; events are read from rollups."""

from tracking.models.credits import Credit, CreditDay, CreditRollup, Digest, Model
from tracking.models.doors import Domain, Token, TokenKind, TokenUse, domain_id, token_id
from tracking.models.events import Axis, Event, EventKey, EventWork, Ledger, Rollup, Source, Visitor, Word
from tracking.models.journeys import WINDOW, AttributionSetting, Conversion, Recognition, Recount, Touch
from tracking.models.links import Link, LinkKind, Term, link_id, term_id
from tracking.models.postbacks import Postback, PostbackStatus, StoreAggregate, postback_id
from tracking.models.rules import Rule, rule_id

__all__ = [
    "WINDOW",
    "AttributionSetting",
    "Axis",
    "Conversion",
    "Credit",
    "CreditDay",
    "CreditRollup",
    "Digest",
    "Domain",
    "Event",
    "EventKey",
    "EventWork",
    "Ledger",
    "Link",
    "LinkKind",
    "Model",
    "Postback",
    "PostbackStatus",
    "Recognition",
    "Recount",
    "Rollup",
    "Rule",
    "Source",
    "StoreAggregate",
    "Term",
    "Token",
    "TokenKind",
    "TokenUse",
    "Touch",
    "Visitor",
    "Word",
    "domain_id",
    "link_id",
    "postback_id",
    "rule_id",
    "term_id",
    "token_id",
]

"""What each failure is answered with."""

import structlog

from tracking.edge.http import Refused, Response, error, unavailable
from tracking.edge.line import Full, NotStorable, Unavailable

logger = structlog.get_logger(__name__)


def response_to(failure: Exception) -> Response:
    """The answer; a failure nobody thought of is told to the log."""
    if isinstance(failure, Refused):
        return failure.response
    if isinstance(failure, Unavailable | Full):
        return unavailable()
    if isinstance(failure, NotStorable):
        return error(400, "VALIDATION_ERROR", "This cannot be stored.")
    logger.error("edge_failed", exc_info=failure)
    return error(500, "INTERNAL_ERROR", "Something went wrong on our side.")

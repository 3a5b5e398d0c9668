"""What all carbon sources on the web share: one careful HTTP client."""

try:
    from greenops_webapi.client import Answer, WebApi, WebLimits
    from greenops_webapi.deadline import Deadline
    from greenops_webapi.pace import Pace
    from greenops_webapi.problems import ProblemLog
    from greenops_webapi.replies import StatusError, UnauthorizedError
    from greenops_webapi.secret import Credential, Secret, Signature
    from greenops_webapi.settings import Settings
    from greenops_webapi.shape import json_of, member, rows_of
    from greenops_webapi.spans import ceiled, floored, pieces
    from greenops_webapi.zones import served_zone
except ModuleNotFoundError as e:
    raise ModuleNotFoundError(
        f"{e}; remedy: pip install 'greenops[signals]'", name=e.name
    ) from e

__all__ = [
    "Answer",
    "Credential",
    "Deadline",
    "Pace",
    "ProblemLog",
    "Secret",
    "Settings",
    "Signature",
    "StatusError",
    "UnauthorizedError",
    "WebApi",
    "WebLimits",
    "ceiled",
    "floored",
    "json_of",
    "member",
    "pieces",
    "rows_of",
    "served_zone",
]

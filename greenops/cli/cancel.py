"""`greenops cancel`: end jobs for good."""

from greenops.cli.steering import steering
from greenops.model import RequestKind

cancel = steering(
    RequestKind.CANCEL,
    """End JOB for good: one that waits never starts, one that runs is stopped.

    JOB is an id, the start of one, a name, or `last`. A job that runs gets SIGTERM, and
    is killed after its grace.""",
)

"""`greenops release`: let held jobs run again."""

from greenops.cli.steering import steering
from greenops.model import RequestKind

release = steering(
    RequestKind.RELEASE,
    """Let JOB, which is held, wait for its time again.

    JOB is an id, the start of one, a name, or `last`.""",
)

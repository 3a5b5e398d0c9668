"""`greenops hold`: keep jobs from running until they are released."""

from greenops.cli.steering import steering
from greenops.model import RequestKind

hold = steering(
    RequestKind.HOLD,
    """Keep JOB from running until `greenops release`.

    JOB is an id, the start of one, a name, or `last`. One that runs is paused at a
    checkpoint, if it was submitted as interruptible.""",
)

"""`greenops run-now`: run jobs at once, whatever the hours are like."""

from greenops.cli.steering import steering
from greenops.model import RequestKind

run_now = steering(
    RequestKind.RUN_NOW,
    """Run JOB as soon as a place has room, whatever the hours are like.

    JOB is an id, the start of one, a name, or `last`. It is not paused for the plan
    after that; `greenops hold` takes it back.""",
)

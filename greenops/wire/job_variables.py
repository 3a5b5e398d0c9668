"""The environment that a job is submitted with: whole, within bounds, without ours."""

import os
from collections.abc import Mapping

from greenops.errors import JobRefusedError
from greenops.executors.job_folder import MAX_ENVIRONMENT_BYTES

OWN_VARIABLES = (
    b"GREENOPS_JOB_ID",
    b"GREENOPS_RESUME",
    b"GREENOPS_CHECKPOINT_DIR",
    b"GREENOPS_WATCH",
)
"""Of the job that submits another one: they are not that other one's."""


def job_variables(
    environ: Mapping[bytes, bytes], more: Mapping[str, str]
) -> dict[bytes, bytes]:
    """Return the environment of a job.

    Args:
        environ: Of who submits it.
        more: Of the job alone.

    Raises:
        JobRefusedError: it is too large, or holds what no environment can.
    """
    found = {k: v for k, v in environ.items() if k not in OWN_VARIABLES}
    found |= _encoded(more)
    _check_size(found)
    return found


def _encoded(variables: Mapping[str, str]) -> dict[bytes, bytes]:
    found = {}
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name + value:
            raise JobRefusedError(
                f"{name[:80]!r} cannot be set in an environment: no name is empty or"
                " holds =, and neither it nor its value a NUL"
            )
        found[os.fsencode(name)] = os.fsencode(value)
    return found


def _check_size(environ: Mapping[bytes, bytes]) -> None:
    size = sum(len(k) + len(v) + 2 for k, v in environ.items())
    if size > MAX_ENVIRONMENT_BYTES:
        largest = max(environ, key=lambda k: len(environ[k]))
        raise JobRefusedError(
            f"the environment takes {size / (1 << 20):.1f} MiB, of which a job can be"
            f" given {MAX_ENVIRONMENT_BYTES >> 20}; the largest variable is"
            f" {os.fsdecode(largest)[:80]}: unset it, or submit with `env -i`"
        )

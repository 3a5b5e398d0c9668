"""The keys of a job file for jobs that are to be executed."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from greenops.jobspec.job_keys import JobKeys
from greenops.jobspec.tables import Text, amount, key

MOST_ARGUMENTS = 10_000
MOST_VARIABLES = 1000
LONGEST_ARGUMENT = 1 << 17
"""Characters of one argument; Linux takes no more.

Source: execve(2): 128 KiB (MAX_ARG_STRLEN)."""
Exact = Annotated[
    str, StringConstraints(strip_whitespace=False, max_length=LONGEST_ARGUMENT)
]
"""Text that is passed on to a program as it is, spaces and all."""


class SubmitKeys(JobKeys):
    """`[[job]]` with what is to be executed."""

    command: list[Exact] = key(
        '["train.py", "--epochs", "3"]',
        "what is executed, never through a shell",
        min_length=1,
        max_length=MOST_ARGUMENTS,
    )
    cwd: Exact = key(
        '"~/training"', "folder it runs in; without it the one at hand", ""
    )
    env: dict[Exact, Exact] = key(
        '{SEED = "7"}',
        "variables beside those it is submitted with",
        {},
        max_length=MOST_VARIABLES,
    )
    workload: Literal["train", "infer"] = key(
        '"train"', "what it does; decides between private and public capacity", "train"
    )
    home: str = key('"lab"', "for `greenops plan`; a daemon decides by itself", "")
    cpus: float = amount("16.0", "processor cores it takes", 1.0)
    pause_by: Literal["checkpoint", "freeze"] = key(
        '"checkpoint"',
        "stop it at a checkpoint, or freeze it where it is",
        "checkpoint",
    )
    checkpoint_signal: str = key(
        '"USR1"', "asks it for a checkpoint; empty: it is not asked", "USR1"
    )
    grace_s: float = amount(
        "60.0", "seconds between that signal and being stopped", 60.0
    )
    team: Text | None = key('"red"', "team it is accounted to", None)
    tags: dict[str, str] = key('{stage = "pretrain"}', "free labels", {}, max_length=64)


EXECUTED = frozenset(SubmitKeys.model_fields.keys() - JobKeys.model_fields.keys())
"""Keys of how a job is executed, which a plan on paper has no use for."""

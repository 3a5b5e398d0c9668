"""What `import greenops` offers for jobs that wait for clean hours."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenops.errors import ConfigError
from greenops.model import Bounded

if TYPE_CHECKING:
    from greenops.wire.submitted import Submitted


def submit(
    command: str | Sequence[str],
    *,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    hold: bool = False,
    now: bool = False,
    dry_run: bool = False,
    **wanted: Any,  # noqa: ANN401 - the fields of `Wanted`
) -> "Submitted":
    """Hand over a job that runs when and where power is clean, within its deadline.

        job = greenops.submit(["train.py", "--epochs", "3"], deadline=timedelta(days=1))
        print(job.job_id, job.starts_at, job.reason)

    On return it is on the disk, planned on what is known here and now; nothing is asked
    of the network. `greenops daemon` starts it, and plans it anew until then.

    Args:
        command: A Python script, or a list: a script or a program with its arguments.
            Never read by a shell.
        cwd: Where it runs; None: here.
        env: Variables beside those of this process; the values are kept in a file of
            the job's own (0600).
        hold: It waits for `greenops release`.
        now: It runs at once, whatever the hours are like.
        dry_run: It is planned, and nothing is written.
        **wanted: `name`, `deadline` (an aware datetime, or a timedelta from now),
            `max_delay_s`, `earliest`, `duration_s` (or a pair: from, to), `power_w`,
            `gpus`, `cpus`, `memory_gib`, `regions`, `residency`, `workload` (`train`,
            `infer`), `private`, `data_gb`, `data_at`, `interruptible`, `pause_by`
            (`checkpoint`, `freeze`), `checkpoint_signal`, `grace_s`, `pause_cost_s`,
            `max_pauses`, `priority`, `project`, `team`, `tags`.

    Raises:
        ConfigError: something is wrong, contradicts itself or does not exist.
        JobRefusedError: it can never run as it stands; says what would do.
        LedgerError: it cannot be written down; nothing was.
        ExecutorError: its folder cannot be written.
    """
    from greenops.config import load_config
    from greenops.wire.region import places_named
    from greenops.wire.runnable import runnable, runs_here, working_folder
    from greenops.wire.submit import Submitter
    from greenops.wire.submitted import How
    from greenops.wire.wanted import Wanted, spec_of

    if hold and now:
        raise ConfigError("hold and now contradict each other")
    asked = Wanted(**_checked(wanted, Wanted.__dataclass_fields__))
    argv = [command] if isinstance(command, str) else [*command]
    if not all(isinstance(arg, str) for arg in argv):
        raise ConfigError("a command is a list of texts; str() what is none")
    folder = working_folder() if cwd is None else os.path.abspath(cwd)  # noqa: PTH100 - without `..`
    variables = dict(env or {})
    config = load_config(environ=os.environ, cwd=Path(folder))
    with Submitter(config, dict(os.environb)) as submitter:
        sites = submitter.sites
        here = runs_here(places_named(asked.regions, sites), sites)
        path = variables.get("PATH", os.environ.get("PATH"))
        argv = runnable(argv, folder, path=path, here=here)
        spec = spec_of(asked, argv, config, sites, cwd=folder)
        how = How(held=hold, now=now, dry_run=dry_run)
        return submitter.submit(spec, how, more=variables)


def _checked(wanted: Mapping[str, Any], known: Mapping[str, object]) -> dict[str, Any]:
    """Return what is wanted, a pair of durations as an estimate with its bounds.

    Raises:
        ConfigError: there is no such thing to want; names what is near.
    """
    from difflib import get_close_matches

    for name in wanted.keys() - known.keys():
        near = get_close_matches(name, known, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else "see its help"
        raise ConfigError(f"submit() has no option {name}; {hint}")
    found = dict(wanted)
    for name in ("regions", "residency", "data_at"):
        if isinstance(found.get(name), str):
            found[name] = (found[name],)
    lasts = found.get("duration_s")
    if isinstance(lasts, tuple | list):
        if len(lasts) != 2:
            raise ConfigError("duration_s is a number, or a pair: from, to")
        low, high = lasts
        if not 0.0 < low <= high:
            raise ConfigError("duration_s: the pair runs from less to more, above 0")
        found["duration_s"] = Bounded(central=(low + high) / 2.0, low=low, high=high)
    return found

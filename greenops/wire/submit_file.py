"""Jobs to be submitted out of a job file."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from greenops.agent.planning import Site
from greenops.config import Config
from greenops.errors import ConfigError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.submissions import Around, read_submissions
from greenops.model import JobSpec
from greenops.tracking.identity import user_name


def specs_in(
    path: Path, config: Config, sites: Sequence[Site], *, cwd: str
) -> list[JobSpec]:
    """Return the jobs of a file.

    Args:
        path: A TOML file.
        config: For project, team and tags.
        sites: The places there are.
        cwd: The folder at hand.

    Raises:
        ConfigError: the file is wrong; every complaint is listed.
    """
    complaints = Complaints()
    around = Around(
        cwd=cwd,
        user=user_name(),
        places={site.place.name for site in sites},
        now=datetime.now(UTC),
        project=config.project,
        team=config.team,
        tags=dict(config.tags),
    )
    specs = read_submissions(path, complaints, around)
    complaints.raise_any()
    return [replace(spec, argv=_runnable(spec)) for spec in specs]


def _runnable(spec: JobSpec) -> tuple[str, ...]:
    """Return what is executed: a script runs under this very Python.

    Raises:
        ConfigError: the script does not exist.
    """
    first = spec.argv[0]
    if not first.endswith(".py"):
        return spec.argv
    if not (Path(spec.cwd) / first).exists():
        raise ConfigError(f"{spec.name}: no script {first} in {spec.cwd}")
    return (sys.executable, *spec.argv)

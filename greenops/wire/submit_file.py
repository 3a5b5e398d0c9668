"""Jobs to be submitted out of a job file."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from greenops.agent.planning import Site
from greenops.config import Config
from greenops.errors import ConfigError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.submissions import Around, Submission, read_submissions
from greenops.tracking.identity import user_name
from greenops.wire.runnable import runnable, runs_here
from greenops.wire.submitted import Asked


def jobs_in(
    path: Path, config: Config, sites: Sequence[Site], *, cwd: str
) -> list[Asked]:
    """Return the jobs of a file, each with its own variables.

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
        tags_known=frozenset(tag for site in sites for tag in site.place.tags),
        now=datetime.now(UTC),
        project=config.project,
        team=config.team,
        tags=dict(config.tags),
    )
    found = read_submissions(path, complaints, around)
    complaints.raise_any()
    return [_runnable(job, path, sites) for job in found]


def _runnable(job: Submission, path: Path, sites: Sequence[Site]) -> Asked:
    spec = job.spec
    try:
        argv = runnable(
            spec.argv,
            spec.cwd,
            path=job.env.get("PATH", os.environ.get("PATH")),
            here=runs_here(spec.places, sites),
        )
    except ConfigError as e:
        raise ConfigError(f"{path}: {spec.name}: {e}") from e
    return replace(spec, argv=tuple(argv)), job.env

"""`greenops doctor`: what can be measured here, and how to measure more."""

import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from greenops.cli.checks import (
    Finding,
    State,
    check_attribution,
    check_config,
    check_ledger,
    check_package,
    check_plugins,
    check_problems,
    check_sensors,
    check_spool,
    check_zone,
)
from greenops.cli.signal_checks import check_signals, check_unused, signals_unopened
from greenops.cli.store import ledger_path
from greenops.cli.text import stdout_look
from greenops.errors import ConfigError, GreenopsError
from greenops.report.look import LABEL_COLUMNS, Look
from greenops.report.text import fold, safe

if TYPE_CHECKING:
    from greenops.config import Config
    from greenops.model import IntensityPoint

WAIT_S = 5.0
"""How long one signal may take to answer before it is called slow."""
FATAL_AREAS = ("config", "ledger")
_OPTIONAL = (
    ("torch", "training hooks", "pip install torch"),
    ("matplotlib", "`show --plot`", "pip install 'greenops[plot]'"),
    ("pyarrow", "`export --parquet`", "pip install 'greenops[parquet]'"),
)
_MARKS = {State.GOOD: ("✓", "+"), State.ABSENT: ("–", "-"), State.BROKEN: ("✗", "!")}  # noqa: RUF001 - an en dash is meant
_STYLES = {State.GOOD: "good", State.ABSENT: "dim", State.BROKEN: "bad"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(*, as_json: bool) -> None:
    """Check sensors, carbon data, ledger and settings; say how to mend each.

    The exit status is 1 only where the configuration or the ledger is broken.
    """
    found = list(findings())
    if as_json:
        documents = [asdict(one) | {"state": str(one.state)} for one in found]
        click.echo(json.dumps(documents, indent=2))
    else:
        for line in _lines(found, stdout_look()):
            click.echo(line)
    if any(f.state is State.BROKEN and f.area in FATAL_AREAS for f in found):
        sys.exit(1)


def findings() -> Iterator[Finding]:
    """Yield everything worth knowing about measuring here."""
    from greenops.config import config_files, load_config_leniently, working_folder

    config, complaints = load_config_leniently(environ=os.environ, cwd=working_folder())
    yield from _sensors(config)
    yield _attribution()
    yield _zone(config)
    yield from _signals(config)
    yield from _ledger(config)
    yield from check_config(
        config_files(environ=os.environ, cwd=working_folder()), complaints
    )
    yield from _plugins()
    yield from _versions()


def _sensors(config: "Config") -> Iterator[Finding]:
    from greenops.wire.parts import open_sensors

    opened = open_sensors(config)
    try:
        yield from check_sensors(opened.sensors, time.monotonic())
    finally:
        for sensor in opened.sensors:
            sensor.close()
    yield from check_problems(opened.problems)


def _attribution() -> Finding:
    def open_group() -> str:
        from greenops.sensors.job_cgroup import JobCgroup

        group = JobCgroup(f"{os.getpid()}-doctor")
        group.close()
        return "the unified hierarchy"

    return check_attribution(open_group)


def _zone(config: "Config") -> Finding:
    from greenops.wire.signals import open_signal
    from greenops.wire.zone import whereabouts, with_zone

    now = datetime.now(UTC)
    try:
        found = whereabouts(config)
    except GreenopsError:  # with_zone says it
        found = None
    placed, told_by = with_zone(config, [])

    def intensity() -> "Sequence[IntensityPoint]":
        zone = config.zone or placed.zone
        return open_signal(config).intensity(zone, now, now + timedelta(seconds=1))

    return check_zone(
        config.zone or placed.zone, intensity, told_by=told_by, guess=found
    )


def _signals(config: "Config") -> Iterator[Finding]:
    """Ask each configured signal, and no other."""
    from greenops.plugins import SIGNALS, plugin_names
    from greenops.wire.signals import ORDERS, open_signal, order_of
    from greenops.wire.zone import with_zone

    zone = with_zone(config, [])[0].zone
    now = datetime.now(UTC)
    for kind, key in ORDERS.items():
        order = order_of(config, kind)
        if not order:
            continue
        try:
            chain = open_signal(config, kind=kind, wait_s=WAIT_S)
        except ConfigError as e:
            yield signals_unopened(key, e)
            continue
        statuses = chain.check(zone, now, now + timedelta(seconds=1))
        yield from check_signals(key, order, statuses, now)
    used = {*config.signals_order, *config.signals_marginal_order}
    yield from check_unused(plugin_names(SIGNALS) - used)


def _ledger(config: "Config") -> Iterator[Finding]:
    from greenops.ledger.place import default_spool_dirs
    from greenops.ledger.spool import spool_files

    path = ledger_path(config)

    def count() -> int:
        from greenops.ledger.query import Ledger

        return Ledger(path).count_runs()

    yield check_ledger(path, count)
    yield check_spool([f for d in default_spool_dirs() for f in spool_files(d)])


def _plugins() -> Iterator[Finding]:
    from importlib.metadata import entry_points

    from greenops.plugins import GROUPS, find_plugins

    for group in GROUPS:
        own = [
            point.name
            for point in entry_points(group=group)
            if point.dist is not None and point.dist.name == "greenops"
        ]
        yield from check_plugins(group, find_plugins(group), own)


def _versions() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    python = f"Python {platform.python_version()} on {platform.platform()}"
    yield Finding(
        area="versions",
        name="greenops",
        state=State.GOOD,
        detail=f"{version('greenops')}, {python}",
    )
    for name, purpose, remedy in _OPTIONAL:
        try:
            found = version(name)  # does not import it: torch takes seconds
        except PackageNotFoundError:
            found = None
        yield check_package(name, found, purpose, remedy)


def _lines(found: Sequence[Finding], look: Look) -> Iterator[str]:
    area = ""
    for one in found:
        heading = one.area if one.area != area else ""
        area = one.area
        yield from _line(one, heading, look)


def _line(one: Finding, heading: str, look: Look) -> Iterator[str]:
    mark = _MARKS[one.state][0 if look.unicode else 1]
    lead = f"{heading:<{LABEL_COLUMNS - 1}}"
    room = look.columns - LABEL_COLUMNS - 1
    said = safe(f"{one.name}: {one.detail}"[:2000], unicode=look.unicode)
    for i, line in enumerate(fold(said, room)):
        start = look.paint("bold", lead) if i == 0 else " " * len(lead)
        sign = look.paint(_STYLES[one.state], mark) if i == 0 else " "
        yield f"{start}{sign} {line}"
    if one.remedy:
        arrow = "→ " if look.unicode else "> "
        remedy = safe(one.remedy[:2000], unicode=look.unicode)
        # A command is not folded: people copy it.
        yield f"{' ' * (LABEL_COLUMNS + 1)}{look.paint('bold', arrow + remedy)}"

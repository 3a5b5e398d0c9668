"""`greenops daemon`: hold, start and pause submitted jobs; sample this node."""

import json
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenops.cli.store import at_home, configured, ledger_path
from greenops.errors import ConfigError
from greenops.report.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from greenops.agent.node_seen import NodeSeen
    from greenops.config import Config

NOT_RUNNING = 3
"""Exit status of `daemon status`, as of an init script.

Source: Linux Standard Base 5.0, 22.2: program is not running."""


@click.group(invoke_without_command=True)
@click.option("--detach", is_flag=True, help="Start it in the background, and return.")
@click.option("--verbose", is_flag=True, help="Log what is planned as well.")
@click.pass_context
def daemon(context: click.Context, *, detach: bool, verbose: bool) -> None:
    """Hold, start and pause submitted jobs; sample this node.

    Runs in the foreground and logs to standard error. SIGTERM ends it and leaves jobs
    running, for the next daemon to go on with; SIGHUP has it read its configuration
    again. There is one per ledger.
    """
    if context.invoked_subcommand is not None:
        return
    config = configured()
    if detach:
        from greenops.cli.daemon_detach import start_detached

        click.echo(start_detached(config))
        return
    _run(config, logging.DEBUG if verbose else logging.INFO)


@daemon.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def status(*, as_json: bool) -> None:
    """Say whether a daemon works on the ledger; exit status 3 if none does."""
    from greenops.agent.heartbeat import Pulse, pulse, read
    from greenops.ledger.daemon_seat import DaemonSeat

    path = ledger_path(configured())
    seat = DaemonSeat(path)
    now = datetime.now(UTC)
    held = seat.held()
    beat = read(seat.said()) if held else None
    found = pulse(beat, now, held=held)
    if as_json:
        from greenops.agent.heartbeat import written

        said = {} if beat is None else json.loads(written(beat))
        click.echo(json.dumps({"state": found, "ledger": str(path), **said}, indent=2))
    else:
        for line in _lines(found, beat, now, at_home(path)):
            click.echo(line)
    sys.exit(NOT_RUNNING if found is Pulse.NONE else 0)


@daemon.command()
@click.option("--user", "scope", flag_value="user", default="user", show_default=True)
@click.option("--system", "scope", flag_value="system", help="For the whole machine.")
@click.option("--as", "account", metavar="USER", help="Who a --system daemon runs as.")
@click.option("--dry-run", is_flag=True, help="Print the unit, write nothing.")
def install(*, scope: str, account: str | None, dry_run: bool) -> None:
    """Write a systemd unit that keeps the daemon running.

    For this user, or with --system for the machine, as a user whose jobs it runs: never
    as root. What to type next is printed; nothing is switched on unasked.
    """
    from greenops.cli.daemon_unit import unit_path, unit_text

    system = scope == "system"
    if account and not system:
        raise click.UsageError("--as goes with --system")
    runs_as = (account or os.environ.get("SUDO_USER")) if system else None
    if system and (runs_as in (None, "root")):
        raise click.UsageError("--system needs --as USER, who is not root: jobs run so")
    text = unit_text(sys.executable, user=runs_as)
    path = unit_path(os.environ, system=system)
    if dry_run:
        click.echo(text, nl=False)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as e:
        hint = "; try it with sudo" if system else ""
        raise ConfigError(f"cannot write {path}: {e.strerror or e}{hint}") from e
    which = "" if system else "--user "
    click.echo(f"wrote {at_home(path)}; now:")
    click.echo(f"  systemctl {which}daemon-reload")
    click.echo(f"  systemctl {which}enable --now greenops")
    if not system:
        click.echo("  loginctl enable-linger    # it goes on when you log out")


def _run(config: "Config", level: int) -> None:
    from greenops.cli.daemon_notify import notify
    from greenops.wire.agent import Daemon

    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("greenops").setLevel(level)
    os.umask(0o077)
    stop = threading.Event()
    reload = _listen(stop)
    works = Daemon(config, beaten=lambda: notify("READY=1\nWATCHDOG=1"))
    try:
        works.run(stop, reload)
    finally:
        notify("STOPPING=1")


def _listen(stop: threading.Event) -> "Callable[[], Config | None]":
    """Have signals heard; return what gives a new configuration once asked for."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, lambda *_: asked.set())

    def reload() -> "Config | None":
        if not asked.is_set():
            return None
        asked.clear()
        try:
            return configured()
        except ConfigError as e:
            logging.getLogger(__name__).warning("the old configuration stays: %s", e)
            return None

    return reload


def _lines(found: object, beat: object, now: datetime, ledger: str) -> list[str]:
    from greenops.agent.heartbeat import Beat, Pulse

    lines = [f"daemon   {found}", f"ledger   {ledger}"]
    if found is Pulse.NONE:
        return [*lines, "start it with `greenops daemon`, or `greenops daemon install`"]
    if not isinstance(beat, Beat):
        return lines
    lines.append(f"process  {beat.pid}, greenops {beat.version}")
    lines.append(f"jobs     {beat.open_jobs} open")
    if beat.ticked_at is not None:
        ago_s = max(0.0, (now - beat.ticked_at).total_seconds())
        lines.append(f"looked   {ago_s:.0f} s ago")
    if beat.node is not None:
        lines += _of_node(beat.node, now)
    if beat.trouble:
        lines.append(f"trouble  {safe(beat.trouble)}")
    return lines


def _of_node(node: "NodeSeen", now: datetime) -> list[str]:
    """Return what sampling has found: names are somebody else's, and made harmless."""
    ago_s = max(0.0, now.timestamp() - node.sampled_epoch_s)
    devices = ", ".join(node.devices) or "nothing can be measured"
    found = ", ".join(node.found)
    more = node.found_jobs - len(node.found)
    names = f": {found}{f' and {more} more' if more > 0 else ''}" if found else ""
    lines = [
        f"node     {devices}",
        f"found    {node.found_jobs} jobs{names}, {ago_s:.0f} s ago",
        *(f"note     {problem}" for problem in node.problems),
    ]
    return [safe(line) for line in lines]


def log_file(config: "Config") -> Path:
    """Return where a detached daemon logs to."""
    from greenops.wire.agent_sites import state_folder

    return state_folder(config) / "daemon.log"

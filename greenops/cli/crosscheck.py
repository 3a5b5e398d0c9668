"""`greenops crosscheck`: codecarbon's own tracker beside ours on the same run."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import click

from greenops.cli.codecarbon_tracker import READY
from greenops.cli.crosscheck_rules import KINDS, Ours, Part, Theirs, explain
from greenops.cli.text import Column, look_of, table
from greenops.errors import GreenopsError
from greenops.report.look import Look
from greenops.report.text import energy, figure, mass

Say = Callable[[float], str]
ANSWER_WITHIN_S = 30.0
"""codecarbon takes a few seconds to stop on a slow disk; after this it hangs."""


class CrosscheckError(GreenopsError):
    """codecarbon's tracker could not be started, or gave no result."""


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option("--zone", help="Grid zone for both, such as FR, US-CA or SE-SE3.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False),
    help="Also write both results and the reasons to this file.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def crosscheck(
    command: tuple[str, ...], zone: str | None, json_path: str | None
) -> NoReturn:
    """Measure COMMAND beside codecarbon and explain the gap.

    COMMAND runs once, under `greenops wrap`, while codecarbon's own tracker watches
    the machine from a second process: offline, and kept off the network. Both
    results go to standard error, with a reason for each difference. The run is
    kept in the ledger; the exit status is COMMAND's.
    """
    place = peer_place(zone) if zone else {}
    with tempfile.TemporaryDirectory(prefix="greenops-crosscheck-") as name:
        folder = Path(name)
        with peer_tracker(place, folder) as tracker:
            status = run_wrapped(command, zone, folder / "ours.json")
            try:
                counted = answer(tracker)
                measured = read_result(folder / "ours.json")
                tell(ours_of(measured), theirs_of(counted), json_path)
            except (CrosscheckError, OSError) as e:
                # The command has run: its status stands, whatever became of us.
                click.echo(f"greenops: nothing to compare: {e}", err=True)
    sys.exit(status)


def read_result(path: Path) -> dict[str, Any]:
    """Return what `greenops wrap` wrote of the command.

    Raises:
        CrosscheckError: nothing; the command did not start.
    """
    try:
        result: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError as e:
        raise CrosscheckError("greenops has no result of the command") from e
    return result


def peer_place(zone: str) -> dict[str, str]:
    """Return codecarbon's arguments for the place that `zone` names.

    Raises:
        UnknownZoneError: no such zone.
    """
    from greenops.signals.countries import alpha_3_of
    from greenops.signals.zones import resolve_zone

    found = resolve_zone(zone)
    provider, colon, region = found.code.partition(":")
    if colon:
        return {"cloud_provider": provider, "cloud_region": region}
    country, _, part = found.code.partition("-")
    alpha_3 = alpha_3_of().get(country, country)
    if len(alpha_3) != 3:
        return {}
    if not part:
        return {"country_iso_code": alpha_3}
    # It knows states and provinces by name, Nordic bidding zones by code.
    nordic = alpha_3 in ("SWE", "NOR")
    named = part if nordic else found.name.partition(",")[0].lower()
    return {"country_iso_code": alpha_3, "region": named}


@contextmanager
def peer_tracker(
    place: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """Run codecarbon's tracker in a process of its own; yield it once it tracks.

    It gets an empty home and working folder and none of its own variables, so that no
    configuration of the user's can send anything anywhere, and no signal of the
    terminal reaches it.

    Raises:
        CrosscheckError: it did not start.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith("CODECARBON_")}
    errors = folder / "codecarbon.log"
    with errors.open("w") as log:
        tracker = subprocess.Popen(  # noqa: S603 - our own module
            [
                sys.executable,
                "-m",
                "greenops.cli.codecarbon_tracker",
                json.dumps(place),
            ],
            env={**env, "HOME": str(folder)},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        said = tracker.stdout.readline() if tracker.stdout else ""
        if said.strip() != READY:
            last = errors.read_text().strip().splitlines()[-1:] or ["it said nothing"]
            raise CrosscheckError(f"codecarbon's tracker did not start: {last[0]}")
        yield tracker
    finally:
        tracker.kill()
        tracker.communicate()


def run_wrapped(command: Sequence[str], zone: str | None, result: Path) -> int:
    """Run `command` under `greenops wrap`; return the status to exit with."""
    options = ["--quiet", f"--json={result}", *([f"--zone={zone}"] if zone else [])]
    argv = [sys.executable, "-m", "greenops", "wrap", *options, "--", *command]
    wrap = subprocess.Popen(argv)  # noqa: S603 - the command the user asked for
    # The terminal sends Ctrl-C to all of us: wrap passes it on, we wait for the result.
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: wrap.send_signal(got))
    status = wrap.wait()
    return status if status >= 0 else 128 - status


def answer(tracker: subprocess.Popen[str]) -> dict[str, Any]:
    """Tell codecarbon's tracker to stop; return what it counted.

    Raises:
        CrosscheckError: it hangs, or ended without a result.
    """
    try:
        said, _ = tracker.communicate(timeout=ANSWER_WITHIN_S)
        counted = json.loads(said)
    except (subprocess.TimeoutExpired, ValueError) as e:
        raise CrosscheckError(f"codecarbon's tracker gave no result: {e!r}") from e
    if not isinstance(counted, dict):
        raise CrosscheckError(f"codecarbon's tracker gave no result: {said[:100]!r}")
    return counted


def ours_of(measured: Mapping[str, Any]) -> Ours:
    """Return our side from the JSON that `greenops wrap --json` writes."""
    emissions = measured.get("emissions") or {}
    return Ours(
        duration_s=measured["duration_s"],
        parts={kind: part for kind in KINDS if (part := _part(measured, kind))},
        total_j=measured["energy_j"] or 0.0,
        low_j=measured["energy_low_j"] or 0.0,
        high_j=measured["energy_high_j"] or 0.0,
        emissions_g=emissions.get("operational_g"),
        embodied_g=emissions.get("embodied_g"),
        intensity_g_per_kwh=emissions.get("intensity_g_per_kwh"),
        intensity_source=emissions.get("intensity_source", ""),
        pue=emissions.get("pue"),
    )


def _part(measured: Mapping[str, Any], kind: str) -> Part | None:
    devices = [d for d in measured["devices"] if d["kind"] == kind]
    if not devices:
        return None
    return Part(
        energy_j=sum(d["energy_j"] or 0.0 for d in devices),
        machine_j=sum(d["node_energy_j"] or 0.0 for d in devices),
        sources=tuple(dict.fromkeys(d["source"] for d in devices)),
    )


def theirs_of(counted: Mapping[str, Any]) -> Theirs:
    """Return codecarbon's side from the line its tracker's process printed."""
    known = {field.name for field in fields(Theirs)}
    given = {key: value for key, value in counted.items() if key in known}
    return Theirs(**{**given, "refused": tuple(given.get("refused", ()))})


def tell(ours: Ours, theirs: Theirs, json_path: str | None) -> None:
    """Print both sides and the reasons on standard error; write them to a file."""
    look = look_of(sys.stderr, os.environ)
    reasons = explain(ours, theirs)
    lines = ["", *side_by_side(ours, theirs, look), "", "  why they differ"]
    for reason in reasons:
        lines += look.labelled(reason.about, reason.says)
    with suppress(OSError):
        click.echo("\n".join(lines), err=True)
    if json_path is not None:
        from dataclasses import asdict

        both = {"greenops": asdict(ours), "codecarbon": asdict(theirs)}
        both["reasons"] = [asdict(reason) for reason in reasons]  # type: ignore[assignment]
        Path(json_path).write_text(json.dumps(both, indent=2) + "\n")


def side_by_side(ours: Ours, theirs: Theirs, look: Look) -> list[str]:
    """Return the table of both results, ours first."""
    rows = [
        _row(f"{word} energy", _energy_of(ours, kind), theirs.of(kind), energy, look)
        for kind, word in KINDS.items()
        if kind in ours.parts or theirs.of(kind)
    ]
    mine, other = ours.intensity_g_per_kwh, theirs.intensity_g_per_kwh
    rows += [
        _row("total energy", ours.total_j, theirs.total_j, energy, look),
        _row("intensity", mine, other, lambda g: f"{figure(g)} g/kWh", look),
        _row("emissions", ours.emissions_g, theirs.emissions_g, mass, look),
        _row("embodied", ours.embodied_g, None, mass, look),
    ]
    columns = [
        Column(title=""),
        Column(title="greenops", right=True),
        Column(title=f"codecarbon {theirs.version}", right=True),
        Column(title="", right=True),
    ]
    return [f"  {line}" for line in table(columns, rows, look)]


def _energy_of(ours: Ours, kind: str) -> float | None:
    part = ours.parts.get(kind)
    return part.energy_j if part else None


def _row(
    label: str, mine: float | None, other: float | None, say: Say, look: Look
) -> list[str]:
    ratio = f"{look.times}{figure(other / mine)}" if mine and other else ""
    return [label, *("-" if v is None else say(v) for v in (mine, other)), ratio]

"""`greenops compare`: runs against a first one."""

import json
from collections.abc import Sequence

import click

from greenops.cli.loading import LoadedRun, load
from greenops.cli.store import complete_run, open_ledger
from greenops.cli.text import Column, stdout_look, table
from greenops.model import Bounded
from greenops.report.comparison import Compared
from greenops.report.comparison import compare as compared
from greenops.report.look import Look
from greenops.report.text import duration, energy, figure, fit, mass, power

BOUNDS_FROM_COLUMNS = 60
_FORMS = {"s": duration, "j": energy, "w": power, "g": mass}


@click.command()
@click.argument("run", shell_complete=complete_run)
@click.argument(
    "others",
    nargs=-1,
    required=True,
    metavar="OTHER...",
    shell_complete=complete_run,
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def compare(*, run: str, others: tuple[str, ...], as_json: bool) -> None:
    """Compare every OTHER run with RUN: ratios, and whether they mean anything.

    Where the 95 % intervals of two runs overlap, no difference can be claimed.
    """
    ledger = open_ledger()
    base = load(ledger, run)
    pairs = [
        (other, compared(base.summary, other.summary))
        for other in (load(ledger, text) for text in others)
    ]
    if as_json:
        click.echo(
            json.dumps([_document(base, o, rows) for o, rows in pairs], indent=2)
        )
        return
    look = stdout_look()
    for i, (other, rows) in enumerate(pairs):
        if i:
            click.echo()
        for line in _block(base, other, rows, look):
            click.echo(line)


def _block(
    base: LoadedRun, other: LoadedRun, rows: Sequence[Compared], look: Look
) -> list[str]:
    columns = (
        Column(title=""),
        Column(title=_head(base, look), right=True),
        Column(title=_head(other, look), right=True),
        Column(title="RATIO", right=True),
        Column(title="VERDICT", grows=True, rank=1),
    )
    texts = [_texts(row, look) for row in rows]
    heading = f"{_title(other)}  against  {_title(base)}"
    return [
        look.paint("bold", fit(heading, look.columns, unicode=look.unicode)),
        *table(columns, texts, look),
    ]


def _title(loaded: LoadedRun) -> str:
    run = loaded.summary.record.run
    restated = ", restated" if len(loaded.summary.record.statements) > 1 else ""
    return f"{run.name[:40]} ({run.run_id}{restated})"


def _head(loaded: LoadedRun, look: Look) -> str:
    room = 16 if look.width >= BOUNDS_FROM_COLUMNS else 10
    return fit(loaded.summary.record.run.name, room, unicode=look.unicode)


def _texts(row: Compared, look: Look) -> tuple[str, ...]:
    ratio = row.ratio
    return (
        row.label,
        _amount(row, row.base, look),
        _amount(row, row.other, look),
        "-" if ratio is None else f"{look.times}{figure(ratio)}",
        "" if row.key == "duration_s" else row.verdict,
    )


def _amount(row: Compared, amount: Bounded | None, look: Look) -> str:
    if amount is None:
        return "-"
    shown = _FORMS[row.key.rpartition("_")[2]](amount.central)
    exact = amount.low == amount.high or amount.central <= 0
    if exact or look.width < BOUNDS_FROM_COLUMNS:
        return shown
    below = 1 - amount.low / amount.central
    above = amount.high / amount.central - 1
    return f"{shown} {look.plus_minus}{max(below, above):.0%}"


def _document(
    base: LoadedRun, other: LoadedRun, rows: Sequence[Compared]
) -> dict[str, object]:
    return {
        "schema": "greenops.comparison/1",
        "base_run_id": base.summary.record.run.run_id,
        "other_run_id": other.summary.record.run.run_id,
        "base_restated": len(base.summary.record.statements) > 1,
        "other_restated": len(other.summary.record.statements) > 1,
        "quantities": [
            {
                "key": row.key,
                "base": _plain(row.base),
                "other": _plain(row.other),
                "ratio": row.ratio,
                "overlap": row.overlap,
                "verdict": row.verdict,
            }
            for row in rows
        ],
    }


def _plain(amount: Bounded | None) -> dict[str, float] | None:
    if amount is None:
        return None
    return {"central": amount.central, "low": amount.low, "high": amount.high}

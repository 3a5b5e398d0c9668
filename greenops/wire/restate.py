"""States the footprints of past runs anew, with what the signals say of them now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from greenops.errors import GreenopsError, LedgerError, RunNotFoundError
from greenops.footprint.grid_side import RunTime
from greenops.footprint.restated import (
    ChangedPoint,
    changed_points,
    is_changed,
    reason,
    restated,
)
from greenops.model import Footprint, RunRecord, RunStatus
from greenops.tracking import identity
from greenops.wire.account import assessor
from greenops.wire.grid import Grid

if TYPE_CHECKING:
    from greenops.config import Config
    from greenops.ledger.query import Ledger

WAIT_S = 30.0
"""No job waits for a restatement, so a slow source may take its time."""
FIRST = "there was no footprint yet"
SURER = "nothing changed: the figures kept are surer than those to be had now"
# What rows that somebody or something has written over may lead to on reading.
_DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)


class Outcome(StrEnum):
    """What became of one run."""

    RESTATED = "restated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"  # nothing to state, and nothing wrong with that
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """What became of one run, and why.

    Attributes:
        detail: Why it was restated, or not; a sentence.
        old: The footprint that counted before.
        new: The one that counts now, or would.
        changed: The points that are stated otherwise.
    """

    run_id: str
    outcome: Outcome
    detail: str
    old: Footprint | None = None
    new: Footprint | None = None
    changed: tuple[ChangedPoint, ...] = ()


class Restater:
    """Restates runs one by one: each wholly or not at all, whatever befalls another."""

    def __init__(
        self, ledger: "Ledger", config: "Config", grid: Grid | None = None
    ) -> None:
        """Use the signals of `config`, unless a `grid` is given."""
        self._ledger = ledger
        self._grid = grid or Grid(config, wait_s=max(WAIT_S, config.signals_wait_s))
        self._assess = assessor(config, grid=self._grid)

    def restate(
        self, run_ids: Iterable[str], *, dry_run: bool = False, force: bool = False
    ) -> Iterator[Restatement]:
        """Yield what becomes of each run.

        Args:
            run_ids: Whole ids.
            dry_run: Compute, and append nothing.
            force: Take what is stated now also where surer figures are kept.

        Raises:
            LedgerError: the ledger itself can no longer be read or written.
        """
        for run_id in run_ids:
            try:
                yield self._restate(run_id, dry_run=dry_run, force=force)
            except RunNotFoundError:
                yield _said(run_id, Outcome.SKIPPED, "deleted meanwhile")
            except LedgerError:
                raise
            except GreenopsError as e:
                yield _said(run_id, Outcome.FAILED, str(e))
            except _DAMAGE as e:
                yield _said(run_id, Outcome.FAILED, f"its rows are damaged: {e!r}")

    def _restate(self, run_id: str, *, dry_run: bool, force: bool) -> Restatement:
        record = self._ledger.get(run_id)
        if why_not := _unfit(record):
            return _said(run_id, Outcome.SKIPPED, why_not)
        old = record.footprint
        if old is None:
            new, why = self._first(record), FIRST
        else:
            new, why_not = self._again(record, old, force=force)
            if why_not:
                return _said(run_id, Outcome.UNCHANGED, why_not)
            why = reason(old, new)
        if not dry_run and not self._ledger.add_footprint(
            run_id, new, why=why, beside=len(record.statements)
        ):
            return _said(run_id, Outcome.UNCHANGED, "restated meanwhile by another")
        return Restatement(
            run_id=run_id,
            outcome=Outcome.RESTATED,
            detail=why,
            old=old,
            new=new,
            changed=tuple(changed_points(old, new)) if old else (),
        )

    def _first(self, record: RunRecord) -> Footprint:
        hours = self._ledger.hours(record.run.run_id)
        return self._assess(record.run, list(record.totals), hours, _lasted_s(record))

    def _again(
        self, record: RunRecord, old: Footprint, *, force: bool
    ) -> tuple[Footprint, str]:
        """Return the footprint as stated now, and why it changes nothing, if so."""
        run = record.run
        hours = self._ledger.hours(run.run_id)
        time = RunTime.of(run.started_at, _lasted_s(record), hours)
        answer = self._grid.ask(run.zone, *time.span)
        points, marginal = answer.points, answer.marginal
        new = answer.signed(restated(old, time, points, marginal, force=force))
        if is_changed(old, new):
            return new, ""
        forced = restated(old, time, points, marginal, force=True)
        return new, SURER if is_changed(old, forced) else "nothing changed"


def _lasted_s(record: RunRecord) -> float:
    return record.end.duration_s if record.end else 0.0


def _unfit(record: RunRecord) -> str:
    """Return why a run cannot have a footprint now; nothing where it can."""
    if record.status is RunStatus.RUNNING or record.end is None:
        return "still running; it is stated at its end"
    if not record.totals and record.footprint is None:
        return "nothing was measured"
    if record.footprint is None and record.run.host != identity.host_name():
        return (
            "has no footprint yet, and the hardware it needs is that of "
            f"{record.run.host}: restate it there"
        )
    return ""


def _said(run_id: str, outcome: Outcome, detail: str) -> Restatement:
    return Restatement(run_id=run_id, outcome=outcome, detail=detail)

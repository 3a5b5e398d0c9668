"""One run from the ledger, summed up and laid over time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from greenops.cli.store import at_home, configured, ledger_path
from greenops.errors import LedgerError
from greenops.model import Course, RunRecord, Training, TrainingEnergy
from greenops.report.device_rows import device_label
from greenops.report.summary import Comparison, RunFacts, Summary, summarize
from greenops.report.timeline import Timeline, timeline

if TYPE_CHECKING:
    from greenops.config import Config
    from greenops.ledger.query import Ledger

FINE_BINS = 1200
"""Bins of a timeline; charts of fewer columns take means of them."""
STRETCHES_PER_BIN = 4
"""A sample across the edge of a stretch counts where it begins: at most one in so many
of a bin's, where a run is so long that a stretch holds several."""
# What rows that somebody or something has written over may lead to on reading.
_DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A run, ready to be shown."""

    summary: Summary
    timeline: Timeline
    device_names: dict[str, str]
    training: Training | None = None
    training_energy: TrainingEnergy | None = None


def load(ledger: "Ledger", text: str) -> LoadedRun:
    """Return the run that `text` names.

    Raises:
        RunNotFoundError: there is none; the message lists near matches.
        LedgerError: the ledger cannot be read, or the run's rows make no sense.
    """
    try:
        return _loaded(ledger, ledger.get(text))
    except _DAMAGE as e:
        raise LedgerError(
            f"the rows of {text!r} are damaged ({e}); other runs are not: "
            "`greenops runs` lists them"
        ) from e


def _loaded(ledger: "Ledger", record: RunRecord) -> LoadedRun:
    config = configured()
    run = record.run
    start_s = run.started_at.timestamp()
    now_s = datetime.now(UTC).timestamp()
    duration_s = record.end.duration_s if record.end else now_s - start_s
    course = ledger.course(
        run.run_id,
        width_s=max(duration_s, 1.0) / (FINE_BINS * STRETCHES_PER_BIN),
        cuts=[mark.at_epoch_s for mark in record.marks],
    )
    laid = timeline(
        course.stretches,
        start_epoch_s=start_s,
        duration_s=duration_s,
        marks=record.marks,
        bins=FINE_BINS,
    )
    facts = RunFacts(
        peak_power_w=course.peak_power_w,
        cpu_s=course.cpu_s,
        peak_rss_bytes=course.peak_rss_bytes,
        kept_at=at_home(ledger_path(config)),
        equivalents=_equivalents(record, config),
    )
    names = {t.device.device_id: device_label(t.device) for t in record.totals}
    summary = summarize(record, facts)
    training, where = _training(ledger, summary, course)
    return LoadedRun(summary, laid, names, training, where)


def _training(
    ledger: "Ledger", summary: Summary, course: Course
) -> tuple[Training | None, TrainingEnergy | None]:
    from greenops.energy.curve import EnergyCurve
    from greenops.energy.training import training_energy

    run = summary.record.run
    training = ledger.training(run.run_id)
    if training is None:
        return None, None
    lasted_s = training.tick.at_epoch_s - training.first_epoch_s
    ticks = ledger.training_ticks(run.run_id, width_s=max(lasted_s, 1.0) / FINE_BINS)
    where = training_energy(
        training,
        ticks,
        EnergyCurve(course.stretches),
        began_epoch_s=run.started_at.timestamp(),
        run_energy_j=summary.energy_j,
    )
    return training, where


def _equivalents(record: RunRecord, config: "Config") -> tuple[Comparison, ...]:
    from greenops.footprint.equivalents import equivalents

    if record.footprint is None or not config.footprint_equivalents:
        return ()
    return tuple(
        equivalents(
            energy_j=record.footprint.facility_energy_j.central,
            emissions_g=record.footprint.total_g.central,
        )
    )

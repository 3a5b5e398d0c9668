"""One run from the ledger, summed up and laid over time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from greenops.cli.store import at_home, configured, ledger_path
from greenops.model import RunRecord
from greenops.report.device_rows import device_label
from greenops.report.summary import Comparison, RunFacts, Summary, summarize
from greenops.report.timeline import Timeline, timeline

if TYPE_CHECKING:
    from greenops.config import Config
    from greenops.ledger.query import Ledger

FINE_BINS = 1200
"""Bins of a timeline; charts of fewer columns take means of them."""


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A run, ready to be shown."""

    summary: Summary
    timeline: Timeline
    device_names: dict[str, str]


def load(ledger: "Ledger", text: str) -> LoadedRun:
    """Return the run that `text` names.

    Raises:
        RunNotFoundError: there is none; the message lists near matches.
        LedgerError: the ledger cannot be read.
    """
    config = configured()
    record = ledger.get(text)
    run = record.run
    start_s = run.started_at.timestamp()
    now_s = datetime.now(UTC).timestamp()
    laid = timeline(
        ledger.samples(run.run_id),
        start_epoch_s=start_s,
        duration_s=record.end.duration_s if record.end else now_s - start_s,
        marks=record.marks,
        bins=FINE_BINS,
    )
    cpu_s, peak_rss_bytes = _use(ledger, run.run_id)
    facts = RunFacts(
        peak_power_w=laid.peak_power_w,
        cpu_s=cpu_s,
        peak_rss_bytes=peak_rss_bytes,
        kept_at=at_home(ledger_path(config)),
        equivalents=_equivalents(record, config),
    )
    names = {t.device.device_id: device_label(t.device) for t in record.totals}
    return LoadedRun(summarize(record, facts), laid, names)


def _use(ledger: "Ledger", run_id: str) -> tuple[float | None, int | None]:
    cpu_s: float | None = None
    peak_bytes: int | None = None
    for use in ledger.job_use(run_id):
        cpu_s = (cpu_s or 0.0) + use.cpu_s
        if use.rss_bytes is not None:
            peak_bytes = max(peak_bytes or 0, use.rss_bytes)
    return cpu_s, peak_bytes


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

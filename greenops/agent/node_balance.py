"""The balance of a node: what each device used by the hour, and for whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import floor

from greenops.energy.totals import DeviceTotals
from greenops.model import Device, NodeEnergy, Quality, Sample
from greenops.units import S_PER_HOUR


@dataclass(slots=True, eq=False)
class Row:
    """One device within one clock hour, as far as it has gone."""

    device: Device
    hour: int
    since_epoch_s: float
    covered_s: float = 0.0
    measured_j: float = 0.0
    found_j: float = 0.0
    idle_j: float = 0.0
    unattributed_j: float = 0.0
    totals: DeviceTotals = field(default_factory=DeviceTotals)

    def record(self, host: str) -> NodeEnergy:
        """Return the row as it is kept."""
        lines_j = (self.measured_j, self.found_j, self.idle_j, self.unattributed_j)
        exact = replace(self.device, rel_uncertainty=0.0)
        total = self.totals.total(exact, Quality())
        return NodeEnergy(
            host=host,
            device=self.device,
            hour=datetime.fromtimestamp(self.hour * S_PER_HOUR, UTC),
            since=datetime.fromtimestamp(self.since_epoch_s, UTC),
            covered_s=self.covered_s,
            energy_j=sum(lines_j),
            measured_j=self.measured_j,
            found_j=self.found_j,
            idle_j=self.idle_j,
            unattributed_j=self.unattributed_j,
            error_j=total.job_high_j - total.job_energy_j,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """Energy in a row that may turn out to be a job's: on which lines it stands."""

    row: Row
    idle_j: float
    unattributed_j: float


Parts = Sequence[tuple[Row, float]]
"""The rows of a stretch of time, and the part of it that each takes."""


def enter(
    rows: Parts,
    *,
    measured_j: float = 0.0,
    found_j: float = 0.0,
    idle_j: float = 0.0,
    unattributed_j: float = 0.0,
) -> None:
    """Put energy on the lines of the rows of a stretch."""
    for row, part in rows:
        row.measured_j += part * measured_j
        row.found_j += part * found_j
        row.idle_j += part * idle_j
        row.unattributed_j += part * unattributed_j


class NodeBalance:
    """All rows that may still change.

    Args:
        host: The node.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._rows: dict[tuple[str, int], Row] = {}
        self._hour = 0
        self._changed: dict[Row, None] = {}

    def rows(self, device: Device, sample: Sample) -> Parts:
        """Enter a stretch of a device; return its rows, and the part that each takes.

        The caller puts the energy on their lines with `enter`.

        Args:
            device: The device.
            sample: The stretch. Across the full hour it is split by time.
        """
        found = []
        for hour, start_epoch_s, part in _parts(sample):
            self._hour, key = hour, (device.device_id, hour)
            row = self._rows.get(key)
            if row is None or row.device != device:  # its source has changed
                row = self._rows[key] = Row(device, hour, start_epoch_s)
            duration_s = part * sample.duration_s
            row.covered_s += duration_s
            row.totals.add_sample(
                replace(
                    sample,
                    start_epoch_s=start_epoch_s,
                    duration_s=duration_s,
                    node_energy_j=part * sample.node_energy_j,
                    job_energy_j=part * sample.node_energy_j,
                )
            )
            self._changed[row] = None
            found.append((row, part))
        return found

    def give(self, held: Sequence[Held]) -> None:
        """Move energy that turned out to be a job's to the line of found jobs."""
        for part in held:
            part.row.idle_j -= part.idle_j
            part.row.unattributed_j -= part.unattributed_j
            part.row.found_j += part.idle_j + part.unattributed_j
            self._changed[part.row] = None

    def changes(self) -> list[NodeEnergy]:
        """Return what has changed since the last call; forget hours long over."""
        changed = [row.record(self._host) for row in self._changed]
        self._changed = {}
        # Energy may become known after the hour it belongs to is over.
        self._rows = {
            k: r for k, r in self._rows.items() if abs(r.hour - self._hour) <= 1
        }
        return changed


def _parts(sample: Sample) -> Iterator[tuple[int, float, float]]:
    """Yield the hours a sample touches: number, its start in it, and its part."""
    start_s = sample.start_epoch_s
    stop_s = start_s + sample.duration_s
    first, last = floor(start_s / S_PER_HOUR), floor(stop_s / S_PER_HOUR)
    if first == last or stop_s <= start_s:
        yield first, start_s, 1.0
        return
    for hour in range(first, last + 1):
        begin_s = max(start_s, hour * S_PER_HOUR)
        end_s = min(stop_s, (hour + 1) * S_PER_HOUR)
        if end_s > begin_s:
            yield hour, begin_s, (end_s - begin_s) / (stop_s - start_s)

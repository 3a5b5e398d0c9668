"""What a node used by the hour: its rows, and the records they become again."""

import math
from collections.abc import Sequence

from greenops.ledger.records import Found, moment
from greenops.ledger.rows import Entry, Row
from greenops.ledger.text import cut, escape, unescape
from greenops.model import Device, DeviceKind, NodeEnergy


def node_entry(energies: Sequence[NodeEnergy]) -> Entry:
    """Return the rows of what a node used; those that are not finite are left out."""
    rows = [_node_row(e) for e in energies]
    finite = [r for r in rows if all(math.isfinite(x) for x in r if type(x) is float)]
    return Entry("", {"node_energy": finite})


def node_energy_of(row: Found) -> NodeEnergy:
    """Return what a row of `node_energy` says."""
    return NodeEnergy(
        host=unescape(row["host"]),
        device=Device(
            device_id=unescape(row["device_id"]),
            kind=DeviceKind(row["kind"]),
            name=unescape(row["name"]),
            source=unescape(row["source"]),
            rel_uncertainty=row["rel_uncertainty"],
        ),
        hour=moment(row["hour_epoch_s"]),
        since=moment(row["since_epoch_s"]),
        covered_s=row["covered_s"],
        energy_j=row["energy_j"],
        measured_j=row["measured_j"],
        found_j=row["found_j"],
        idle_j=row["idle_j"],
        unattributed_j=row["unattributed_j"],
        error_j=row["error_j"],
    )


def _node_row(e: NodeEnergy) -> Row:
    return (
        _text(e.host),
        e.hour.timestamp(),
        _text(e.device.device_id),
        e.since.timestamp(),
        e.device.kind.value,
        _text(e.device.name),
        _text(e.device.source),
        float(e.device.rel_uncertainty),
        float(e.covered_s),
        float(e.energy_j),
        float(e.measured_j),
        float(e.found_j),
        float(e.idle_j),
        float(e.unattributed_j),
        float(e.error_j),
    )


def _text(text: str) -> str:
    return escape(cut(text))

"""codecarbon's own tracker in a process of its own, kept off the network.

`crosscheck` starts this module, waits for one line (`ready`), runs its command, closes
our standard input, and reads one line of JSON: what codecarbon counted meanwhile.
"""

import json
import sys
from collections.abc import Mapping, Sequence

from greenops.units import G_PER_KG, J_PER_KWH

READY = "ready"
NETWORK_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.sendto")
AF_UNIX = 1


class NoNetwork:
    """An audit hook that refuses every connection, and remembers that it did.

    codecarbon is told to stay offline. This makes sure of it whatever a newer release
    does, since an audit hook can be neither removed nor gone around from Python.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, event: str, details: Sequence[object]) -> None:
        """Raise PermissionError on what would leave this machine."""
        if event not in NETWORK_EVENTS:
            return
        if getattr(details[0], "family", None) == AF_UNIX:
            return
        self.refused.append(f"{event} {details[1]!r}"[:200])
        raise PermissionError("crosscheck keeps codecarbon off the network")


def main() -> None:
    """Track the machine until standard input closes; print what was counted."""
    place = json.loads(sys.argv[1])
    no_network = NoNetwork()
    sys.addaudithook(no_network)
    report, sys.stdout = sys.stdout, sys.stderr  # codecarbon may print what it likes

    from codecarbon import OfflineEmissionsTracker

    tracker = OfflineEmissionsTracker(
        measure_power_secs=1,
        tracking_mode="machine",
        output_methods=[],
        emissions_endpoint=False,
        electricitymaps_api_token=False,
        allow_multiple_runs=True,
        log_level="error",
        **place,
    )
    tracker.start()
    print(READY, file=report, flush=True)
    sys.stdin.read()
    tracker.stop()
    counted = counts(tracker.final_emissions_data.values)
    facts = {"refused": no_network.refused, **cpu_facts(tracker)}
    print(json.dumps({**counted, **facts}), file=report, flush=True)


def counts(said: Mapping[str, object]) -> dict[str, object]:
    """Return codecarbon's figures in greenops' units, keyed by unit.

    Args:
        said: Its `EmissionsData`: energies in kWh, emissions in kg.
    """

    def number(key: str) -> float:
        value = said[key]
        if not isinstance(value, int | float | str):
            raise TypeError(f"codecarbon's {key} is no number: {value!r}")
        return float(value)

    return {
        "version": str(said["codecarbon_version"]),
        "duration_s": number("duration"),
        "cpu_j": number("cpu_energy") * J_PER_KWH,
        "gpu_j": number("gpu_energy") * J_PER_KWH,
        "dram_j": number("ram_energy") * J_PER_KWH,
        "total_j": number("energy_consumed") * J_PER_KWH,
        "emissions_g": number("emissions") * G_PER_KG,
        "pue": number("pue"),
        "place": str(said["country_name"] or ""),
    }


def cpu_facts(tracker: object) -> dict[str, object]:
    """Return how codecarbon came to its CPU power, as far as it can be seen."""
    for part in getattr(tracker, "_hardware", ()):
        if type(part).__name__ == "CPU":
            return {
                "cpu_mode": str(getattr(part, "_mode", "")),
                "cpu_tdp_w": float(getattr(part, "_tdp", 0) or 0),
                "cpu_tdp_generic": bool(getattr(part, "_is_generic_tdp", False)),
                "cpu_threads": int(getattr(part, "_cpu_count", 0) or 0),
            }
    return {}


if __name__ == "__main__":
    main()

"""Reads every sensor at each tick and keeps the account of each device's energy.

A sensor that fails leaves a gap in the accounts of its devices; nothing here raises for
one.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from greenops.energy.cut import cut_off
from greenops.energy.meter import DeviceMeter
from greenops.errors import SensorReadError
from greenops.model import Device, Interval, Method, Reading
from greenops.ports import Sensor
from greenops.tracking.glances import Glances

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watched:
    """One device: its meter, and what it said last.

    `slices` is the job's part of a partitioned GPU (MIG), where the sensor knows it.
    """

    device: Device
    meter: DeviceMeter
    reading: Reading | None = None
    slices: float | None = None


class DeviceWatch:
    """The devices of some sensors, read together.

    Args:
        sensors: Read in this order.
        start_s: Monotonic time the account begins. What is there at the first tick was
            there then; what comes later has drawn nothing before.
        interval_s: Time between two ticks, in s.
        announce: Told of devices when they appear.
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        *,
        start_s: float,
        interval_s: float,
        announce: Callable[[Sequence[Device]], None] = lambda _: None,
    ) -> None:
        self.sensors = sensors
        self.devices: dict[str, Watched] = {}
        self._start_s = start_s
        self._interval_s = interval_s
        self._announce = announce
        self._stop_s = float("inf")
        self._begun = False
        self._read_now: list[tuple[Sensor, Sequence[Reading]]] = []
        self._glances = Glances(interval_s)

    def notice(self, at_s: float) -> None:
        """Look which devices there are, without reading any."""
        for sensor in self.sensors:
            self._notice(sensor, at_s)

    def read(
        self,
        monotonic: Callable[[], float],
        *,
        slept: bool = False,
        sharp: bool = False,
    ) -> list[tuple[Watched, Interval]]:
        """Read every sensor; return the energy that has become known, by device.

        Args:
            monotonic: The clock in s; each sensor is read at its own time.
            slept: The machine slept since the last tick, and nothing was drawn.
            sharp: Wait for slow counters to move once (a tenth of a second).
        """
        self._read_now = []
        found = [
            pair
            for sensor in self.sensors
            for pair in self._read(sensor, monotonic, slept=slept, sharp=sharp)
        ]
        self._glances.plan(self._read_now)
        self._begun = self._begun or monotonic() > self._start_s
        return found

    @property
    def jitter(self) -> bool:
        """Whether the next sampling times should be drawn at random."""
        return self._glances.jitter

    @property
    def glance_s(self) -> float | None:
        """Mean time in s between two calls of `glance`; None: it is of no use."""
        return self._glances.pace_s

    def glance(self, at_s: float) -> None:
        """Look at what is only seen in moments; the next tick notes the energy."""
        for reading in self._glances.take(at_s):
            if watched := self.devices.get(reading.device_id):
                watched.meter.glance(reading, at_s)

    def stop_at(self, stop_s: float) -> None:
        """Let the accounts end at monotonic `stop_s`; the last readings come later."""
        self._stop_s = stop_s
        for watched in self.devices.values():
            watched.meter.stop_s = stop_s

    def finish(self, stop_s: float) -> list[tuple[Watched, Interval]]:
        """Close every account at `stop_s`; return what was still open of them."""
        return [
            (watched, _as_known(watched.device, interval))
            for watched in self.devices.values()
            if (interval := watched.meter.finish(stop_s)) is not None
        ]

    def _read(
        self,
        sensor: Sensor,
        monotonic: Callable[[], float],
        *,
        slept: bool,
        sharp: bool,
    ) -> list[tuple[Watched, Interval]]:
        settle = getattr(sensor, "settle", None) if sharp else None
        at_s = monotonic()
        try:
            readings = sensor.read(at_s) if settle is None else settle(monotonic)
        except SensorReadError as e:
            log.debug("%s: %s", sensor.name, e)
            readings = []
        if settle is not None:
            at_s = monotonic()
        return self._advance(sensor, readings, at_s, slept=slept)

    def _advance(
        self, sensor: Sensor, readings: Sequence[Reading], at_s: float, *, slept: bool
    ) -> list[tuple[Watched, Interval]]:
        self._notice(sensor, at_s)  # a read may have found one
        self._read_now.append((sensor, readings))
        by_id = {r.device_id: r for r in readings}
        slices: Mapping[str, float] = getattr(sensor, "mig_shares", dict)()
        found = []
        for device in sensor.devices():
            watched = self.devices[device.device_id]
            if slept:
                watched.meter.skip(at_s)
            reading = by_id.get(device.device_id)
            watched.reading = reading or watched.reading
            watched.slices = slices.get(device.device_id)
            interval = watched.meter.advance(reading, at_s)
            if interval is not None and interval.stop_s > self._stop_s:
                power_w = reading.power_w if reading else None
                interval = cut_off(interval, self._stop_s, power_w=power_w)
            if interval is not None:
                found.append((watched, _as_known(device, interval)))
        return found

    def _notice(self, sensor: Sensor, at_s: float) -> None:
        start_s = at_s if self._begun else self._start_s
        new = [d for d in sensor.devices() if d.device_id not in self.devices]
        for device in new:
            meter = DeviceMeter(device, start_s=start_s, interval_s=self._interval_s)
            meter.stop_s = self._stop_s
            self.devices[device.device_id] = Watched(device, meter)
        if new:
            self._announce(new)


def _as_known(device: Device, interval: Interval) -> Interval:
    """Return the interval with its method: what a model counts is still modelled."""
    if device.source == "model" and interval.method is Method.COUNTER:
        return replace(interval, method=Method.MODEL)
    return interval

"""The signal `neso`: half-hours of Great Britain or one of its regions."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from greenops.checked import RawPoint, checked_points, points_within, span_utc
from greenops.model import (
    Basis,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)
from greenops_neso.answers import national_rows, regional_rows
from greenops_webapi import (
    Answer,
    Deadline,
    Pace,
    ProblemLog,
    Settings,
    WebApi,
    WebLimits,
    ceiled,
    floored,
    pieces,
    served_zone,
)

BASE_URL = "https://api.carbonintensity.org.uk"
HALF_HOUR = timedelta(minutes=30)
HORIZON = timedelta(hours=48)
LONGEST = timedelta(days=13)
"""The API answers at most 14 days at once, whole half-hours around them included."""
NATIONAL = "national"
REGION = "regionid/"
REGIONS = range(1, 18)
"""1 to 14 are the areas of distribution networks; 15 England, 16 Scotland, 17 Wales."""
_OUTWARD = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?")
_STAMP = "%Y-%m-%dT%H:%MZ"


class NesoSignal:
    """Direct emissions per kWh used in Great Britain; forecasts for 48 hours."""

    name = "neso"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=Basis.DIRECT,
        resolution=HALF_HOUR,
        history=None,
        horizon=HORIZON,
        attribution="National Energy System Operator, Carbon Intensity API (CC BY 4.0)",
    )

    def __init__(
        self,
        api: WebApi,
        *,
        part: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask `api`.

        Args:
            api: Where to ask.
            part: Path of the region that stands for zone GB: `postcode/SW7`.
            now: The wall clock, aware.
        """
        self._api = api
        self._part = part
        self._now = now
        self._log = ProblemLog(self.name)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the signal that `[signals.neso]` describes; asks nothing.

        Raises:
            ConfigError: an unknown key, a postcode that is not an outward one, a
                region that there is not.
        """
        given = Settings(cls.name, settings, keys=("postcode", "region_id"))
        limits = WebLimits(total_s=given.timeout_s(10.0))
        # No limit is documented; five a second is polite.
        api = WebApi(given.base_url(BASE_URL), pace=Pace(5, 1.0), limits=limits)
        return cls(api, part=_part(given))

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return half-hours; see `greenops.ports.CarbonSignal`.

        Raises:
            UnknownZoneError: not a zone of Great Britain.
            SignalBusyError: out of service, or asked too often.
            SignalError: it failed otherwise, or has nothing in the span.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = span_utc(start, stop)
        row = served_zone(zone, "neso")
        called = row.names["neso"]
        part = f"{REGION}{called}" if called != NATIONAL else self._part
        rows, region = self._rows(part, first, last)
        source = "NESO Carbon Intensity API"
        checked = checked_points(
            rows,
            zone=row.code,
            source=f"{source}, {region or part}" if part else source,
            kind=IntensityKind.AVERAGE,
            basis=Basis.DIRECT,
            provenance=Provenance.FORECAST,
            issued_at=self._now(),
            rel_uncertainty=0.0,
            zero_possible=True,
            within=(first, last),
        )
        self._log.note(row.code, checked.problems)
        asked = f"{self.name}: {row.code}{self._api.clock_note()}"
        return points_within(checked, first, last, asked=asked)

    def _rows(
        self, part: str, start: datetime, stop: datetime
    ) -> tuple[list[RawPoint], str]:
        deadline = self._api.deadline()
        first, last = floored(start, HALF_HOUR), ceiled(stop, HALF_HOUR)
        present = ceiled(self._now(), HALF_HOUR)
        number = part.removeprefix(REGION) if part.startswith(REGION) else None
        rows: list[RawPoint] = []
        region = ""
        spans = [
            f"{begin:{_STAMP}}/{end:{_STAMP}}"
            for begin, end in pieces(first, min(last, present), LONGEST)
        ]
        if last > present:
            spans.append(f"{max(first, present):{_STAMP}}/fw48h")
        for span in spans:
            answer = self._asked(part, span, deadline)
            if part:
                more, region = regional_rows(answer.body, answer.url, number)
            else:
                more = national_rows(answer.body, answer.url)
            rows += more
        return rows, region

    def _asked(self, part: str, span: str, deadline: Deadline) -> Answer:
        path = f"/regional/intensity/{span}/{part}" if part else f"/intensity/{span}"
        return self._api.get(path, deadline=deadline)


def _part(given: Settings) -> str:
    postcode = given.text("postcode").upper()
    number = given.number("region_id", 0, 0, REGIONS[-1])
    region = int(number)
    if region != number:
        raise given.wrong("region_id", "must be a whole number")
    if postcode and region:
        raise given.wrong("postcode", "and region_id say the same; give one of them")
    if postcode and not _OUTWARD.fullmatch(postcode):
        raise given.wrong(
            "postcode",
            "must be the outward part only, such as SW7 (nothing more exact)",
        )
    if postcode:
        return f"postcode/{postcode}"
    return f"{REGION}{region}" if region else ""

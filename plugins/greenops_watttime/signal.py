"""The signal `watttime`: marginal operating emission rates, past and forecast."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from greenops.checked import (
    IntensityUnit,
    RawPoint,
    checked_points,
    points_within,
    span_utc,
)
from greenops.errors import UnknownZoneError
from greenops.model import (
    Basis,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)
from greenops.reference.zone_names import GridZone
from greenops_watttime.answers import (
    ABS_G_PER_KWH,
    FIVE_MINUTES,
    REL_PAST,
    SIGNAL,
    moer_rows,
    region_of,
)
from greenops_watttime.login import Session
from greenops_webapi import (
    Credential,
    Deadline,
    Pace,
    ProblemLog,
    Settings,
    StatusError,
    WebApi,
    WebLimits,
    ceiled,
    floored,
    pieces,
    served_zone,
)

BASE_URL = "https://api.watttime.org"
VARIABLES = ("GREENOPS_WATTTIME_USERNAME", "GREENOPS_WATTTIME_PASSWORD")
WHERE = "a free account: docs.watttime.org, register"
FREE_PLAN = (
    f"check {' and '.join(VARIABLES)}; the free plan covers the region CAISO_NORTH "
    "(zone US-CAL-CISO) only"
)
HOUR = timedelta(hours=1)
LONGEST = timedelta(days=31)
"""`historical` answers at most 32 days at once."""
LONGEST_HORIZON_H = 72
NO_SUCH_PLACE = (400, 404, 422)


class WattTimeSignal:
    """Marginal emissions per kWh at five minutes; forecasts for up to 72 hours."""

    name = "watttime"
    traits = SignalTraits(
        kind=IntensityKind.MARGINAL,
        basis=Basis.DIRECT,
        resolution=FIVE_MINUTES,
        history=None,
        horizon=timedelta(hours=LONGEST_HORIZON_H),
        attribution="WattTime (watttime.org), by your own licence; not to be passed on",
    )

    def __init__(
        self,
        api: WebApi,
        credential: Credential,
        *,
        regions: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask `api` with the account of `credential`.

        Args:
            api: Where to ask.
            credential: Holds a user name and a password.
            regions: WattTime's names by zone, before those of the table.
            now: The wall clock, aware.
        """
        self._session = Session(api, credential)
        self._api = api
        self._configured = regions or {}
        self._now = now
        self._log = ProblemLog(self.name)
        self._regions: dict[str, str] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the signal that `[signals.watttime]` describes; asks nothing.

        Raises:
            ConfigError: an unknown key, or a value that is none.
        """
        given = Settings(cls.name, settings, keys=("key_file", "regions"))
        api = WebApi(
            given.base_url(BASE_URL),
            pace=Pace(3000, 300.0),
            limits=WebLimits(total_s=given.timeout_s(10.0)),
            hint=FREE_PLAN,
        )
        key_file = given.path("key_file")
        credential = Credential(*VARIABLES, key_file=key_file, where=WHERE)
        return cls(api, credential, regions=given.names("regions"))

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return points of five minutes; see `greenops.ports.CarbonSignal`.

        Raises:
            UnknownZoneError: no such zone, or WattTime has no region there.
            SignalRefusedError: no account, a wrong password, or a plan without the
                region; the free one has CAISO_NORTH only.
            SignalBusyError: out of service, or asked too often.
            SignalError: it failed otherwise, or has nothing in the span.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = span_utc(start, stop)
        row = served_zone(zone, self.name, all_zones=True)
        deadline = self._api.deadline()
        region = self._region_of(row, deadline)
        rows: list[RawPoint] = []
        longest = timedelta(0)
        for more, length in self._parts(region, first, last, deadline):
            rows += more
            longest = max(longest, length)
        checked = checked_points(
            rows,
            zone=row.code,
            source=f"WattTime {SIGNAL}, region {region}",
            kind=IntensityKind.MARGINAL,
            basis=Basis.DIRECT,
            provenance=Provenance.ESTIMATED,
            issued_at=self._now(),
            rel_uncertainty=REL_PAST,
            abs_uncertainty_g_per_kwh=ABS_G_PER_KWH,
            unit=IntensityUnit.LB_PER_MWH,
            longest=longest,
            zero_possible=True,
            within=(first, last),
        )
        self._log.note(row.code, checked.problems)
        asked = f"{self.name}: {row.code}{self._api.clock_note()}"
        return points_within(checked, first, last, asked=asked)

    def _parts(
        self, region: str, start: datetime, stop: datetime, deadline: Deadline
    ) -> Iterator[tuple[list[RawPoint], timedelta]]:
        now = self._now()
        present = floored(now, FIVE_MINUTES)
        fixed: dict[str, str | int] = {"region": region, "signal_type": SIGNAL}
        past_stop = min(ceiled(stop, FIVE_MINUTES), present)
        for begin, end in pieces(floored(start, FIVE_MINUTES), past_stop, LONGEST):
            params = {**fixed, "start": begin.isoformat(), "end": end.isoformat()}
            answer = self._session.get("/v3/historical", params, deadline)
            yield moer_rows(answer.body, answer.url, region, forecast=False)
        if stop > present:
            hours = min(max(1, -(-(stop - now) // HOUR)), LONGEST_HORIZON_H)
            params = {**fixed, "horizon_hours": hours}
            answer = self._session.get("/v3/forecast", params, deadline)
            # Where it reaches back, what was fetched of the past is the later issue.
            yield moer_rows(answer.body, answer.url, region, forecast=True)

    def _region_of(self, row: GridZone, deadline: Deadline) -> str:
        """Return WattTime's region: as configured, by name, or by the zone's middle."""
        known = self._configured.get(row.code) or row.names.get(self.name)
        if known:
            return known
        with self._lock:
            known = self._regions.get(row.code)
        if known:
            return known
        params: dict[str, str | int] = {
            "latitude": f"{row.latitude_deg:g}",
            "longitude": f"{row.longitude_deg:g}",
            "signal_type": SIGNAL,
        }
        try:
            answer = self._session.get("/v3/region-from-loc", params, deadline)
        except StatusError as e:
            if e.status not in NO_SUCH_PLACE:
                raise
            raise UnknownZoneError(
                f"watttime has no region at the middle of zone {row.code}: {e}"
            ) from e
        region = region_of(answer.body, answer.url)
        with self._lock:
            self._regions[row.code] = region
        return region

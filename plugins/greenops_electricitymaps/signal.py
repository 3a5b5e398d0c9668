"""The signal `electricitymaps`: flow-traced averages per zone, past and forecast."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from greenops.checked import RawPoint, checked_points, points_within, span_utc
from greenops.errors import SignalRefusedError
from greenops.model import (
    Basis,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)
from greenops.reference.zone_names import GridZone
from greenops_electricitymaps.answers import (
    REL_ESTIMATED,
    breakdown_mw,
    forecast_rows,
    latest_rows,
    listed_rows,
)
from greenops_webapi import (
    Answer,
    Credential,
    Deadline,
    Pace,
    ProblemLog,
    Settings,
    Signature,
    WebApi,
    WebLimits,
    ceiled,
    floored,
    pieces,
    served_zone,
)

BASE_URL = "https://api.electricitymaps.com/v3"
VARIABLE = "GREENOPS_ELECTRICITYMAPS_TOKEN"
WHERE = "a free token for one zone: app.electricitymaps.com"
FREE_PLAN = (
    f"check {VARIABLE}; the free plan covers one zone of your choice, its last "
    "24 h, no forecast and no further past"
)
HOUR = timedelta(hours=1)
RECENT = timedelta(hours=23)
"""`history` holds the last 24 hours, the present one included."""
LONGEST = timedelta(days=10)
"""`past-range` answers at most 240 hours at once."""
HORIZONS_H = (24, 48, 72)
BASES = {"lifecycle": Basis.LIFE_CYCLE, "direct": Basis.DIRECT}


class ElectricityMapsSignal:
    """Average intensity of what is used in a zone, imports traced to their origin."""

    name = "electricitymaps"

    def __init__(
        self,
        api: WebApi,
        credential: Credential,
        *,
        factors: str = "lifecycle",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask `api` with the token of `credential`.

        Args:
            api: Where to ask.
            credential: Holds one token.
            factors: `lifecycle` or `direct`.
            now: The wall clock, aware.
        """
        self._api = api
        self._credential = credential
        self._factors = factors
        self._now = now
        self._log = ProblemLog(self.name)
        self.traits = SignalTraits(
            kind=IntensityKind.AVERAGE,
            basis=BASES[factors],
            resolution=HOUR,
            history=None,
            horizon=timedelta(hours=HORIZONS_H[-1]),
            attribution="Electricity Maps (electricitymaps.com), by your own licence",
        )

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the signal that `[signals.electricitymaps]` describes; asks nothing.

        Raises:
            ConfigError: an unknown key, or a value that is none.
        """
        given = Settings(cls.name, settings, keys=("key_file", "emission_factors"))
        api = WebApi(
            given.base_url(BASE_URL),
            pace=Pace(10, 1.0),
            limits=WebLimits(total_s=given.timeout_s(10.0)),
            hint=FREE_PLAN,
        )
        credential = Credential(VARIABLE, key_file=given.path("key_file"), where=WHERE)
        factors = given.choice("emission_factors", tuple(BASES), "lifecycle")
        return cls(api, credential, factors=factors)

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return hours; see `greenops.ports.CarbonSignal`.

        Raises:
            UnknownZoneError: no such zone, or not one of Electricity Maps'.
            SignalRefusedError: no token, a wrong one, or a plan without this zone,
                this past or a forecast.
            SignalBusyError: out of service, or asked too often.
            SignalError: it failed otherwise, or has nothing in the span.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = span_utc(start, stop)
        row = served_zone(zone, self.name)
        question = _Question(self._api, self._signature(), self._factors, row)
        rows: list[RawPoint] = []
        longest = timedelta(0)
        for more, length in question.parts(first, last, self._now()):
            rows += more
            longest = max(longest, length)
        checked = checked_points(
            rows,
            zone=row.code,
            source=f"Electricity Maps, {self._factors} factors",
            kind=IntensityKind.AVERAGE,
            basis=BASES[self._factors],
            provenance=Provenance.ESTIMATED,
            issued_at=self._now(),
            rel_uncertainty=REL_ESTIMATED,
            longest=longest,
            within=(first, last),
        )
        self._log.note(row.code, checked.problems)
        asked = f"{self.name}: {row.code}{self._api.clock_note()}"
        return points_within(checked, first, last, asked=asked)

    def power_breakdown_mw(self, zone: str) -> Mapping[str, float]:
        """Return what a zone uses now by source, in MW, imports included.

        Raises:
            UnknownZoneError: no such zone, or not one of Electricity Maps'.
            SignalError: as `intensity`.
        """
        row = served_zone(zone, self.name)
        question = _Question(self._api, self._signature(), self._factors, row)
        answer = question.get("/power-breakdown/latest", {})
        return breakdown_mw(answer.body, answer.url, question.called)

    def _signature(self) -> Signature:
        (token,) = self._credential.secrets()
        return Signature(headers={"auth-token": token})


class _Question:
    """One question about one zone: which endpoints hold the answer to it."""

    def __init__(
        self, api: WebApi, signature: Signature, factors: str, row: GridZone
    ) -> None:
        self.called = row.names[ElectricityMapsSignal.name]
        self._api = api
        self._signature = signature
        self._factors = factors
        self._deadline: Deadline = api.deadline()

    def get(self, path: str, params: Mapping[str, str | int]) -> Answer:
        """Return the answer of one endpoint for the zone."""
        fixed: dict[str, str | int] = {
            "zone": self.called,
            # Else a zone it does not know is answered for the caller's own address.
            "shouldUseFallbackCallerLookup": "false",
        }
        return self._api.get(
            path,
            {**fixed, **params},
            deadline=self._deadline,
            signature=self._signature,
        )

    def parts(
        self, start: datetime, stop: datetime, now: datetime
    ) -> Iterator[tuple[list[RawPoint], timedelta]]:
        """Yield the rows of each endpoint that the span needs, with their length."""
        present = floored(now, HOUR)
        following = present + HOUR
        if start < following:
            yield from self._past(floored(start, HOUR), min(stop, following), present)
        if stop > following:
            hours = -(-(stop - now) // HOUR)
            horizon_h = next((h for h in HORIZONS_H if h >= hours), HORIZONS_H[-1])
            yield self._forecast(horizon_h, max(start, following))

    def _past(
        self, start: datetime, stop: datetime, present: datetime
    ) -> Iterator[tuple[list[RawPoint], timedelta]]:
        factors = {"emissionFactorType": self._factors}
        if start >= present:
            answer = self.get("/carbon-intensity/latest", factors)
            yield latest_rows(answer.body, answer.url, self.called, self._factors)
            return
        if start >= present - RECENT:
            answer = self.get("/carbon-intensity/history", factors)
            yield self._listed(answer, "history")
            return
        for begin, end in pieces(start, ceiled(stop, HOUR), LONGEST):
            params = {"start": _stamp(begin), "end": _stamp(end), **factors}
            answer = self.get("/carbon-intensity/past-range", params)
            yield self._listed(answer, "data")

    def _listed(self, answer: Answer, under: str) -> tuple[list[RawPoint], timedelta]:
        return listed_rows(
            answer.body, answer.url, self.called, self._factors, under=under
        )

    def _forecast(
        self, horizon_h: int, start: datetime
    ) -> tuple[list[RawPoint], timedelta]:
        params: dict[str, str | int] = {
            "horizonHours": horizon_h,
            "emissionFactorType": self._factors,
        }
        try:
            answer = self.get("/carbon-intensity/forecast", params)
        except SignalRefusedError as e:
            raise SignalRefusedError(f"no forecast of zone {self.called}: {e}") from e
        rows, length = forecast_rows(answer.body, answer.url, self.called)
        return [row for row in rows if row.start >= floored(start, HOUR)], length


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

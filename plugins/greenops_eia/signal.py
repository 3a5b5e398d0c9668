"""The signal `eia`: hours of the USA, from generation by source times factors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from greenops.checked import points_within, span_utc
from greenops.errors import SignalError
from greenops.model import (
    Basis,
    GenerationHour,
    IntensityKind,
    IntensityPoint,
    SignalTraits,
)
from greenops_eia.answers import HOUR, generated_of
from greenops_generation import (
    FACTOR_SETS,
    Generated,
    generation_hours,
    generation_points,
)
from greenops_webapi import (
    Credential,
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

BASE_URL = "https://api.eia.gov/v2"
VARIABLE = "GREENOPS_EIA_TOKEN"
WHERE = "a free key: eia.gov/opendata/register.php"
PATH = "/electricity/rto/fuel-type-data/data/"
MAX_ROWS = 5000
LONGEST = timedelta(days=7)
"""Seven days of at most 16 sources are below the 5000 rows of one answer."""
CONTEXT = timedelta(hours=24)
"""Asked for before the span, to know which sources the authority usually reports."""


class EiaSignal:
    """Life-cycle intensity of what is generated in a balancing authority; no forecast.

    The last hours come late: an authority reports an hour after one to two.
    """

    name = "eia"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        resolution=HOUR,
        history=None,
        horizon=timedelta(0),
        attribution=(
            "US Energy Information Administration, form EIA-930 (public domain); "
            "factors of IPCC 2014 or UNECE 2021"
        ),
    )

    def __init__(
        self,
        api: WebApi,
        credential: Credential,
        *,
        factors: str = "ipcc2014",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask `api` with the key of `credential`.

        Args:
            api: Where to ask.
            credential: Holds one key.
            factors: A name in `FACTOR_SETS`.
            now: The wall clock, aware.
        """
        self._api = api
        self._credential = credential
        self._factors = factors
        self._now = now
        self._log = ProblemLog(self.name)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the signal that `[signals.eia]` describes; asks nothing.

        Raises:
            ConfigError: an unknown key, or a value that is none.
        """
        given = Settings(cls.name, settings, keys=("key_file", "factors"))
        api = WebApi(
            given.base_url(BASE_URL),
            pace=Pace(1000, 3600.0),
            limits=WebLimits(total_s=given.timeout_s(15.0)),
            hint=f"check {VARIABLE} ({WHERE})",
        )
        credential = Credential(VARIABLE, key_file=given.path("key_file"), where=WHERE)
        factors = given.choice("factors", tuple(FACTOR_SETS), "ipcc2014")
        return cls(api, credential, factors=factors)

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return hours; see `greenops.ports.CarbonSignal`.

        Raises:
            UnknownZoneError: not a balancing authority that reports to EIA.
            SignalRefusedError: no key, or a wrong one.
            SignalBusyError: out of service, or asked too often.
            SignalError: it failed otherwise, or has nothing in the span.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = span_utc(start, stop)
        row = served_zone(zone, self.name)
        generated = self._generated(row.names[self.name], first, last)
        checked = generation_points(
            generated,
            zone=row.code,
            source="EIA-930 generation",
            factors=self._factors,
            issued_at=self._now(),
            within=(first, last),
        )
        self._log.note(row.code, checked.problems)
        asked = f"{self.name}: {row.code}{self._api.clock_note()}"
        return points_within(checked, first, last, asked=asked)

    def generation(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[GenerationHour]:
        """Return mean power by fuel; see `greenops.ports.GenerationSource`.

        Raises:
            Exception: as `intensity`.
        """
        within = span_utc(start, stop)
        row = served_zone(zone, self.name)
        return generation_hours(
            self._generated(row.names[self.name], *within), within=within
        )

    def _generated(
        self, respondent: str, start: datetime, stop: datetime
    ) -> list[Generated]:
        (key,) = self._credential.secrets()
        signature = Signature(params={"api_key": key})
        deadline = self._api.deadline()
        found: list[Generated] = []
        present = ceiled(self._now(), HOUR)
        if start >= present:
            raise SignalError(f"{self.name} has no forecast: nothing after {present}")
        first = floored(start, HOUR) - CONTEXT
        for begin, end in pieces(first, min(ceiled(stop, HOUR), present), LONGEST):
            params: dict[str, str | int] = {
                "frequency": "hourly",
                "data[0]": "value",
                "facets[respondent][]": respondent,
                # Hours are named by their end, and both ends of the range count.
                "start": f"{begin + HOUR:%Y-%m-%dT%H}",
                "end": f"{end:%Y-%m-%dT%H}",
                "sort[0][column]": "period",
                "sort[0][direction]": "asc",
                "length": MAX_ROWS,
            }
            answer = self._api.get(PATH, params, deadline=deadline, signature=signature)
            found += generated_of(answer.body, answer.url, respondent)
        return found

"""The signal `entsoe`: hours of Europe, from generation by type times factors."""

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
from greenops_entsoe.document import generated_of
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
    StatusError,
    WebApi,
    WebLimits,
    ceiled,
    floored,
    pieces,
    served_zone,
)

BASE_URL = "https://web-api.tp.entsoe.eu"
VARIABLE = "GREENOPS_ENTSOE_TOKEN"
WHERE = "a free token: transparency.entsoe.eu, then ask for RESTful API access by mail"
HOUR = timedelta(hours=1)
LONGEST = timedelta(days=7)
"""The platform would answer a year at once, with 50 MB of XML."""
CONTEXT = timedelta(hours=24)
"""Asked for before the span, to know which types the zone usually reports."""
BAD_REQUEST = 400


class EntsoeSignal:
    """Life-cycle intensity of what is generated in a bidding zone; no forecast.

    The last hours come late: zones report an hour after one to several.
    """

    name = "entsoe"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        resolution=HOUR,
        history=None,
        horizon=timedelta(0),
        attribution=(
            "ENTSO-E Transparency Platform (CC BY 4.0); factors of IPCC 2014 or UNECE "
            "2021"
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
        """Ask `api` with the token of `credential`.

        Args:
            api: Where to ask.
            credential: Holds one token.
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
        """Return the signal that `[signals.entsoe]` describes; asks nothing.

        Raises:
            ConfigError: an unknown key, or a value that is none.
        """
        given = Settings(cls.name, settings, keys=("key_file", "factors"))
        api = WebApi(
            given.base_url(BASE_URL),
            pace=Pace(400, 60.0),
            limits=WebLimits(total_s=given.timeout_s(20.0)),
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
            UnknownZoneError: not a zone of ENTSO-E.
            SignalRefusedError: no token, or a wrong one.
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
            source="ENTSO-E generation",
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

    def _generated(self, area: str, start: datetime, stop: datetime) -> list[Generated]:
        (token,) = self._credential.secrets()
        signature = Signature(params={"securityToken": token})
        deadline = self._api.deadline()
        found: list[Generated] = []
        present = ceiled(self._now(), HOUR)
        if start >= present:
            raise SignalError(f"{self.name} has no forecast: nothing after {present}")
        first = floored(start, HOUR) - CONTEXT
        for begin, end in pieces(first, min(ceiled(stop, HOUR), present), LONGEST):
            params: dict[str, str | int] = {
                "documentType": "A75",
                "processType": "A16",
                "in_Domain": area,
                "periodStart": f"{begin:%Y%m%d%H%M}",
                "periodEnd": f"{end:%Y%m%d%H%M}",
            }
            try:
                answer = self._api.get(
                    "/api", params, deadline=deadline, signature=signature
                )
                found += generated_of(answer.body, answer.url, area)
            except StatusError as e:
                if e.status != BAD_REQUEST or not e.body.lstrip().startswith(b"<"):
                    raise
                # "No matching data" and the reason of a refusal come with status 400.
                found += generated_of(e.body, str(e).partition(": ")[0], area)
        return found

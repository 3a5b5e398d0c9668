"""What carbon signals share that know generation by source."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from greenops.checked import points_within, span_utc
from greenops.errors import SignalError
from greenops.model import GenerationHour, IntensityPoint, SignalTraits
from greenops_generation.factors import FACTOR_SETS
from greenops_generation.mix import Generated, generation_hours
from greenops_generation.points import generation_points
from greenops_webapi import (
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

HOUR = timedelta(hours=1)
CONTEXT = timedelta(hours=24)
"""Asked for before the span, to know which sources a zone usually reports."""
DEFAULT_FACTORS = "ipcc2014"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where generation is asked for.

    Attributes:
        title: Of the data, as a point's source.
        base_url: Of the service.
        variable: Of the environment, that holds the credential.
        where: How to come by one.
        key: Parameter of the question that carries it.
        pace: What the service allows.
        patience_s: For one question, unless the settings say otherwise.
        longest: Span of one request.
    """

    title: str
    base_url: str
    variable: str
    where: str
    key: str
    pace: tuple[int, float]
    patience_s: float
    longest: timedelta


class GenerationSignal(ABC):
    """Life-cycle intensity of what is generated in a zone, by hours; no forecast."""

    name: ClassVar[str]
    traits: ClassVar[SignalTraits]
    service: ClassVar[Service]

    def __init__(
        self,
        api: WebApi,
        credential: Credential,
        *,
        factors: str = DEFAULT_FACTORS,
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
        """Return the signal that its table of the configuration describes.

        Asks nothing. Keys: `factors`, `key_file`, and those of every source on the web.

        Raises:
            ConfigError: an unknown key, or a value that is none.
        """
        service = cls.service
        given = Settings(cls.name, settings, keys=("key_file", "factors"))
        api = WebApi(
            given.base_url(service.base_url),
            pace=Pace(*service.pace),
            limits=WebLimits(total_s=given.timeout_s(service.patience_s)),
            hint=f"check {service.variable} ({service.where})",
        )
        credential = Credential(
            service.variable, key_file=given.path("key_file"), where=service.where
        )
        factors = given.choice("factors", tuple(FACTOR_SETS), DEFAULT_FACTORS)
        return cls(api, credential, factors=factors)

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return hours; see `greenops.ports.CarbonSignal`.

        Raises:
            UnknownZoneError: not a zone of this source.
            SignalRefusedError: no key, or a wrong one.
            SignalBusyError: out of service, or asked too often.
            SignalError: it failed otherwise, or has nothing in the span.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = span_utc(start, stop)
        row = served_zone(zone, self.name)
        checked = generation_points(
            self._generated(row.names[self.name], first, last),
            zone=row.code,
            source=self.service.title,
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

    @abstractmethod
    def fetched(
        self, area: str, span: tuple[datetime, datetime], ask: "Ask"
    ) -> list[Generated]:
        """Return what one request says of an area, as the source calls it.

        Args:
            area: The source's own name.
            span: Whole hours, `[start, stop)`, no longer than a request may be.
            ask: Puts the question.
        """

    def _generated(self, area: str, start: datetime, stop: datetime) -> list[Generated]:
        (key,) = self._credential.secrets()
        present = ceiled(self._now(), HOUR)
        if start >= present:
            raise SignalError(f"{self.name} has no forecast: nothing after {present}")
        ask = Ask(
            self._api, Signature(params={self.service.key: key}), self._api.deadline()
        )
        first, last = floored(start, HOUR) - CONTEXT, min(ceiled(stop, HOUR), present)
        found: list[Generated] = []
        for span in pieces(first, last, self.service.longest):
            found += self.fetched(area, span, ask)
        return found


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: signed, and with one deadline for all its requests."""

    api: WebApi
    signature: Signature
    deadline: Deadline

    def get(self, path: str, params: Mapping[str, str | int]) -> tuple[bytes, str]:
        """Return the body and the address it is from, which holds no key.

        Raises:
            SignalError: as `greenops_webapi.WebApi.get`.
        """
        answer = self.api.get(
            path, params, deadline=self.deadline, signature=self.signature
        )
        return answer.body, answer.url

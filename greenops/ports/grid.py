"""What is asked of sources of carbon intensity."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from greenops.model import GenerationHour, IntensityPoint, SignalTraits


class CarbonSignal(Protocol):
    """A source of carbon intensity for named grid zones, with its bounds.

    Constructing one never asks the network. Thread-safe.

    Attributes:
        name: As configured and as its entry point is called.
        traits: What it states about itself; holds for everything it answers.
    """

    name: str
    traits: SignalTraits

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that touch `[start, stop)`, whole, in time order.

        They never overlap and are of one kind, one basis and one zone. Where the
        source has nothing there is a gap; the sequence itself is never empty. The
        span may reach into the future as far as `traits.horizon`: those points are
        forecasts and say so. What the source left out, or sent unusably, is a gap,
        never a zero.

        Args:
            zone: The canonical code of a zone; None asks for the world average, which
                few sources have.
            start: Aware; the span is half-open.
            stop: Aware, after `start`.

        Raises:
            UnknownZoneError: it does not serve this zone, or there is no such zone.
            SignalRefusedError: do not ask again before the configuration changes: no
                credential, a wrong one, or one that does not cover the question.
            SignalBusyError: ask again later; says when, where the source said so.
            SignalError: it failed otherwise, or has no point in the span.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """


@runtime_checkable
class GenerationSource(Protocol):
    """A carbon signal that also knows what its hours were generated from.

    What runs tells a forecast more than the intensity that comes of it.
    """

    def generation(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[GenerationHour]:
        """Return the clock hours within `[start, stop)` that are known, in order.

        Args:
            zone: The canonical code of a zone.
            start: Aware; the span is half-open.
            stop: Aware, after `start`.

        Raises:
            UnknownZoneError: it does not serve this zone.
            SignalError: as `CarbonSignal.intensity`; also where it has the zone's
                intensity, and not what it was generated from.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """


class SignalFactory(Protocol):
    """What an entry point of `greenops.signals` names: usually the signal's class."""

    def from_settings(self, settings: Mapping[str, object]) -> CarbonSignal:
        """Return the signal that a table `[signals.<name>]` describes.

        Asks no network. A credential comes from the environment, or from the file that
        the table names, never from the table itself; where it is missing the signal is
        built all the same, and each question raises SignalRefusedError.

        Args:
            settings: The table, as read; empty where there is none.

        Raises:
            ConfigError: an unknown key (the message lists near matches), or a value
                that is none.
        """

"""Opens the carbon signals as configured: in order, each one usable or said why not."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

from greenops.config import Config
from greenops.errors import ConfigError, GreenopsError
from greenops.model import IntensityKind
from greenops.ports import CarbonSignal, SignalFactory

if TYPE_CHECKING:
    from greenops.signals.chain import ChainSignal

ORDERS = {
    IntensityKind.AVERAGE: "signals.order",
    IntensityKind.MARGINAL: "signals.marginal_order",
}
OWN = ("annual", "csv", "hourly_model")


def open_signal(
    config: Config,
    *,
    kind: IntensityKind = IntensityKind.AVERAGE,
    wait_s: float | None = None,
    asks: bool = True,
) -> "ChainSignal":
    """Return the configured fall-back chain for one kind of intensity.

    Asks nobody. A signal that is unknown, broken or wrongly set is left out, with its
    reason in the chain's `status()`: it must not stop a job. By default all signals are
    this machine's own.

    Args:
        config: The settings in force.
        kind: Average or marginal.
        wait_s: How long one question may wait for the network; None: as configured.
        asks: Whether anybody is asked; else what is kept of their answers counts.

    Raises:
        ConfigError: no order of this kind is configured, or it holds signals of the
            other kind.
    """
    from greenops.signals.chain import ChainSignal

    order = list(dict.fromkeys(order_of(config, kind)))
    if not order:
        raise ConfigError(
            f"no signal for {kind} intensities is configured: set "
            f"{ORDERS[kind]} = [...]; `greenops doctor` lists what there is"
        )
    factories, unusable = _factories(order)
    members = []
    for name in order:
        if name in factories:
            try:
                signal = _made(name, factories[name], config)
                members.append(_cached(signal, config, asks=asks))
            except GreenopsError as e:
                unusable[name] = _placed(e, name, config)
    return ChainSignal(
        members,
        kind=kind,
        wait_s=config.signals_wait_s if wait_s is None else wait_s,
        unusable=unusable,
    )


def answered_by(signal: CarbonSignal, zone: str | None) -> str:
    """Return the name of what has just answered a question about `zone`.

    For a chain that of its members who did; for others their own.
    """
    from greenops.signals.chain import ChainSignal

    if isinstance(signal, ChainSignal):
        return signal.answered_by(zone) or signal.name
    return signal.name


def order_of(config: Config, kind: IntensityKind) -> Sequence[str]:
    """Return the names of the signals configured for a kind, first to last."""
    marginal = kind is IntensityKind.MARGINAL
    return config.signals_marginal_order if marginal else config.signals_order


def _made(name: str, factory: SignalFactory, config: Config) -> CarbonSignal:
    if not hasattr(factory, "from_settings"):
        raise ConfigError(f"{factory!r} has no from_settings; update the plugin")
    try:
        signal = factory.from_settings(config.signal_tables.get(name, {}))
        called, _ = signal.name, signal.traits.kind
    except GreenopsError:
        raise
    except Exception as e:
        raise ConfigError(f"cannot be made: {type(e).__name__}: {e}") from e
    if called != name:
        raise ConfigError(f"calls itself {called!r}; update the plugin")
    return signal


def _cached(signal: CarbonSignal, config: Config, *, asks: bool) -> CarbonSignal:
    """Return the signal behind a cache if it needs the network."""
    if signal.traits.offline:
        return signal
    from greenops.signals.answer_store import AnswerStore
    from greenops.signals.cache import CachedSignal
    from greenops.wire.answers import credential_mark, folder_of

    settings = config.signal_tables.get(signal.name, {})
    folder = folder_of(config.signals_cache_path, signal.name, settings)
    cached = CachedSignal(
        signal,
        AnswerStore(folder, credential=lambda: credential_mark(signal.name, settings)),
    )
    if asks:
        return cached
    from greenops.signals.at_hand import AtHand

    return AtHand(cached)


def _factories(names: Sequence[str]) -> tuple[dict[str, SignalFactory], dict[str, str]]:
    """Return what makes each signal, and why some cannot be made.

    greenops' own need no search of what is installed, which takes 15 ms.
    """
    factories = {name: _own(name) for name in names if name in OWN}
    others = [name for name in names if name not in OWN]
    if not others:
        return factories, {}
    from greenops.plugins import SIGNALS, find_plugins, plugin_names

    found = find_plugins(SIGNALS, only=others)
    known = plugin_names(SIGNALS)
    unknown = {n: _no_such(n, known) for n in others if n not in known}
    loaded = cast("dict[str, SignalFactory]", found.loaded)
    return factories | loaded, found.failed | unknown


def _own(name: str) -> SignalFactory:
    if name == "csv":
        from greenops.signals.csv_file import CsvSignal

        return CsvSignal
    if name == "annual":
        from greenops.signals.annual import AnnualSignal

        return AnnualSignal
    from greenops.signals.hourly_model import HourlyModelSignal

    return HourlyModelSignal


def _no_such(name: str, known: set[str]) -> str:
    near = get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else ""
    return f"no such signal; {hint or 'there are ' + ', '.join(sorted(known))}"


def _placed(error: Exception, name: str, config: Config) -> str:
    """Return the complaint, with the file and line of the table it is about."""
    settings: Mapping[str, object] = config.signal_tables.get(name, {})
    origins = {config.origin(f"signals.{name}.{key}") for key in settings}
    return ", ".join([*sorted(origins), str(error)]) if origins else str(error)

"""Carbon intensity of European bidding zones from ENTSO-E's generation by type."""

try:
    from greenops_entsoe.signal import EntsoeSignal
except ModuleNotFoundError as e:
    if (e.name or "").partition(".")[0] != "defusedxml":
        raise
    raise ModuleNotFoundError(
        f"{e}; remedy: pip install 'greenops[signals]'", name=e.name
    ) from e

__all__ = ["EntsoeSignal"]

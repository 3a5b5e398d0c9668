"""Carbon intensity of European bidding zones from ENTSO-E's generation by type."""

from greenops_entsoe.signal import EntsoeSignal

__all__ = ["EntsoeSignal"]

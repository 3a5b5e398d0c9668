"""Measures what a training job costs in energy and carbon, with bounds.

    import greenops

    with greenops.track("fine-tuning", project="vision") as t:
        ...
        t.mark("epoch 2")
    print(t.result().footprint)

Importing greenops imports nothing else until something is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenops.api import Tracker, intensity, intensity_forecast, track, zones
    from greenops.api_jobs import submit

__all__ = [
    "Tracker",
    "__version__",
    "intensity",
    "intensity_forecast",
    "submit",
    "track",
    "zones",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module offers
    if name == "submit":
        from greenops import api_jobs

        return api_jobs.submit
    if name in __all__:
        from greenops import api

        return getattr(api, name)
    raise AttributeError(f"module 'greenops' has no attribute {name!r}")

"""Plugins by entry point, each one loaded or reported.

Groups: `greenops.sensors`, `greenops.signals`, `greenops.executors`,
`greenops.sinks`, `greenops.advice`, `greenops.notifiers`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SENSORS = "greenops.sensors"
SIGNALS = "greenops.signals"
EXECUTORS = "greenops.executors"
GROUPS = (SENSORS, SIGNALS, EXECUTORS)
"""The groups this version loads from."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """One group of plugins.

    Attributes:
        loaded: Name to what the entry point names, usually a class.
        failed: Name to why it could not be used.
        skipped: Names that the caller asked not to load.
    """

    loaded: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def plugin_names(group: str) -> set[str]:
    """Return the names that are claimed in `group`; loads none of them."""
    from importlib.metadata import entry_points

    return set(entry_points(group=group).names)


def find_plugins(
    group: str,
    *,
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
    skip_distribution: str = "",
) -> Plugins:
    """Load what is installed under `group`; a broken plugin never stops the rest.

    Two distributions that claim one name are both refused: which one measured a run
    must not depend on the order of a search path.

    Args:
        group: Entry point group.
        only: Names to load; None: all.
        skip: Names not to load, such as those the user has disabled.
        skip_distribution: A distribution whose own entry points are left out.
    """
    from importlib.metadata import entry_points  # 15 ms that a bare wrap need not pay

    claims: dict[str, dict[str, EntryPoint]] = {}
    for point in entry_points(group=group):
        if point.dist is None or point.dist.name != skip_distribution:
            # One distribution seen twice (editable and built) states the same value.
            claims.setdefault(point.name, {})[point.value] = point
    found = Plugins(skipped=tuple(sorted(set(skip) & claims.keys())))
    wanted = claims.keys() if only is None else claims.keys() & set(only)
    for name in sorted(wanted - set(skip)):
        first, *others = claims[name].values()
        if others:
            rivals = " and ".join(sorted(claims[name]))
            found.failed[name] = f"claimed by {rivals}; uninstall all but one"
            continue
        _load(name, first, found)
    return found


def _load(name: str, point: "EntryPoint", found: Plugins) -> None:
    try:
        found.loaded[name] = point.load()
    except (Exception, SystemExit) as e:  # noqa: BLE001 - a plugin may do anything
        found.failed[name] = f"{point.value}: {type(e).__name__}: {e}"

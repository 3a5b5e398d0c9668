"""What a signal's table in the configuration may hold."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from greenops.errors import ConfigError


def refuse_unknown(
    name: str, settings: Mapping[str, object], known: Collection[str] = ()
) -> None:
    """Return if all keys are known.

    Raises:
        ConfigError: some are not; the message lists near matches.
    """
    for key in settings:
        if key in known:
            continue
        near = get_close_matches(key, known, n=2)
        if near:
            hint = "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
        else:
            hint = (
                f"it has {', '.join(sorted(known))}" if known else "it has no settings"
            )
        raise ConfigError(f"signals.{name}: unknown key '{key}'; {hint}")

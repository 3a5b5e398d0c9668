"""The table `[signals.<name>]` of one web source, checked."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from math import isfinite
from pathlib import Path
from urllib.parse import urlsplit

from greenops.errors import ConfigError

COMMON = ("base_url", "timeout_s")
SHORTEST_S, LONGEST_S = 0.05, 300.0


class Settings:
    """Typed access to a table; a complaint names the key and what would be right."""

    def __init__(
        self, name: str, table: Mapping[str, object], *, keys: Collection[str] = ()
    ) -> None:
        """Take the table of the signal `name`.

        Args:
            name: As its entry point is called.
            table: As read from the configuration.
            keys: What it may hold beside `base_url` and `timeout_s`.

        Raises:
            ConfigError: it holds another key; lists near matches.
        """
        self._name = name
        self._table = table
        known = sorted({*COMMON, *keys})
        for key in table:
            if key not in known:
                near = get_close_matches(str(key), known, n=2)
                meant = f"did you mean {' or '.join(near)}?" if near else "it has "
                meant += "" if near else ", ".join(known)
                raise ConfigError(f"signals.{name} has no key {key!r}; {meant}")

    def text(self, key: str, default: str = "") -> str:
        """Return text, stripped.

        Raises:
            ConfigError: it is not text, or empty.
        """
        if key not in self._table:
            return default
        given = self._table[key]
        if not isinstance(given, str) or not given.strip():
            raise self.wrong(key, "must be text that is not empty")
        return given.strip()

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """Return one of `choices`.

        Raises:
            ConfigError: it is none of them.
        """
        given = self.text(key, default)
        if given not in choices:
            raise self.wrong(key, f"must be one of {', '.join(choices)}")
        return given

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number in `[low, high]`.

        Raises:
            ConfigError: it is none, or outside.
        """
        given = self._table.get(key, default)
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise self.wrong(key, f"must be a number from {low:g} to {high:g}")
        if not isfinite(given) or not low <= given <= high:
            raise self.wrong(key, f"must be a number from {low:g} to {high:g}")
        return float(given)

    def path(self, key: str) -> Path | None:
        """Return an absolute path, `~` expanded; None where none is given.

        Raises:
            ConfigError: it is no path from the root or the home folder.
        """
        given = self.text(key)
        if not given:
            return None
        try:
            path = Path(given).expanduser()
        except RuntimeError as e:
            raise self.wrong(key, "names a home folder that does not exist") from e
        if not path.is_absolute():
            raise self.wrong(key, "must start with / or ~")
        return path

    def names(self, key: str) -> Mapping[str, str]:
        """Return a table of text by text, its keys in upper case.

        Raises:
            ConfigError: it is no table, or holds something else.
        """
        given = self._table.get(key, {})
        if not isinstance(given, Mapping) or not all(
            isinstance(name, str) and name.strip()
            for pair in given.items()
            for name in pair
        ):
            raise self.wrong(key, 'must be a table of names, such as { DE = "DE" }')
        return {name.strip().upper(): given[name].strip() for name in given}

    def base_url(self, default: str) -> str:
        """Return where the source is, without a slash at the end.

        Raises:
            ConfigError: not https (a credential would be sent in the clear; loopback
                may be http), or it holds a user, a query or a fragment.
        """
        given = self.text("base_url", default)
        try:
            parts = urlsplit(given)
            host, _ = parts.hostname or "", parts.port
        except ValueError as e:
            raise self.wrong("base_url", f"is no URL ({e})") from e
        if not host or parts.query or parts.fragment or parts.username:
            raise self.wrong("base_url", "must be like https://host/path")
        plain = parts.scheme == "http" and _is_loopback(host)
        if parts.scheme != "https" and not plain:
            raise self.wrong("base_url", "must start with https://")
        return given.rstrip("/")

    def timeout_s(self, default: float) -> float:
        """Return the most seconds one question may take.

        Raises:
            ConfigError: it is not a number from 0.05 to 300.
        """
        return self.number("timeout_s", default, SHORTEST_S, LONGEST_S)

    def wrong(self, key: str, what: str) -> ConfigError:
        """Return an error that says what is wrong with a key; never shows its value."""
        return ConfigError(f"signals.{self._name}.{key} {what}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

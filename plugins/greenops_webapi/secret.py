"""Credentials: where they come from, and how they are kept out of all that is shown."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final
from urllib.parse import quote, quote_plus

from greenops.errors import SignalRefusedError

HIDDEN: Final = "***"
_MAX_KEY_BYTES = 8192
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@final
class Secret:
    """A password, key or token that no message, log or debugger line shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, to be sent and never to be shown."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Signature:
    """What proves to a source who asks: headers, or parameters of the query.

    It joins a request only on its way out, below the layer that logs URLs.
    """

    headers: Mapping[str, Secret] = field(default_factory=dict)
    params: Mapping[str, Secret] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Signature({HIDDEN})"

    def hidden(self, text: str) -> str:
        """Return `text` without the secrets of this signature."""
        for secret in (*self.headers.values(), *self.params.values()):
            value = secret.reveal()
            for form in _forms(value):
                text = text.replace(form, HIDDEN)
        return text


class Credential:
    """The credential of one source, looked up anew for each question.

    So a key that is set or corrected later is taken without a restart.
    """

    def __init__(
        self,
        *variables: str,
        key_file: Path | None = None,
        env: Mapping[str, str] | None = None,
        where: str = "",
    ) -> None:
        """Take the names of the variables, and a file that holds the values instead.

        Args:
            variables: One per value: a token, or a user name and a password.
            key_file: Holds one value per line in the same order; 0600, the user's own.
            env: What stands in for the environment.
            where: Where a person gets such a credential, for messages.
        """
        self._variables = variables
        self._key_file = key_file
        self._env = os.environ if env is None else env
        self._where = where

    def secrets(self) -> tuple[Secret, ...]:
        """Return one secret per variable. Variables come before the file.

        Raises:
            SignalRefusedError: there is none, or the file can be read by others; says
                what to set.
        """
        values = [self._env.get(name, "").strip() for name in self._variables]
        if all(values):
            return tuple(Secret(value) for value in self._sound(values, "set in"))
        if self._key_file is None:
            names = " and ".join(self._variables)
            hint = f" ({self._where})" if self._where else ""
            raise SignalRefusedError(
                f"no credential: set {names}, or key_file to a file of mode 0600{hint}"
            )
        lines = _own_lines(self._key_file)
        if len(lines) < len(self._variables):
            raise SignalRefusedError(
                f"{self._key_file} holds {len(lines)} of {len(self._variables)} lines: "
                f"{' and '.join(self._variables)}, one a line"
            )
        values = lines[: len(self._variables)]
        return tuple(Secret(value) for value in self._sound(values, "in key_file of"))

    def _sound(self, values: Iterable[str], where: str) -> list[str]:
        sound = list(values)
        token = len(self._variables) == 1  # joins a header as it is; passwords do not
        if not all(_may_be_typed(value, ascii_only=token) for value in sound):
            raise SignalRefusedError(
                f"the credential {where} {' and '.join(self._variables)} holds "
                "characters that no key has; copy it again"
            )
        return sound


def _may_be_typed(value: str, *, ascii_only: bool) -> bool:
    undecodable = "\ufffd" in value
    return (
        value.isprintable() and not undecodable and (value.isascii() or not ascii_only)
    )


def _own_lines(path: Path) -> list[str]:
    """Return the lines of a file that only this user may read.

    Raises:
        SignalRefusedError: it cannot be read, or could be by others; never says what
            is in it.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise SignalRefusedError(f"{path} is no plain file; not read")
            if hasattr(os, "getuid") and about.st_uid != os.getuid():
                raise SignalRefusedError(f"{path} belongs to another user; not read")
            if os.name == "posix" and about.st_mode & _OTHERS:
                raise SignalRefusedError(
                    f"{path} can be read by others; not used until: chmod 600 {path}"
                )
            content = file.read(_MAX_KEY_BYTES)
    except OSError as e:
        raise SignalRefusedError(
            f"cannot read key_file {path}: {e.strerror or e}"
        ) from e
    lines = content.decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to would be waited for, for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _forms(value: str) -> Iterable[str]:
    """Return how a value may stand in text: as it is, its last word, escaped."""
    for part in (value, value.rpartition(" ")[2]):
        if part:
            yield from (part, quote(part, safe=""), quote_plus(part))

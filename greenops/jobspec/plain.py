"""Texts of a submission that have to be plain: names on one line, names of signals."""

import signal

LONGEST_NAME = 200


def plain_line(what: str, given: str) -> str:
    """Return a text that may stand on one line.

    Raises:
        ValueError: it is too long, or holds control characters.
    """
    if len(given) > LONGEST_NAME:
        raise ValueError(
            f"{what} has {len(given)} characters; {LONGEST_NAME} are kept at most"
        )
    if not given.isprintable():
        raise ValueError(
            f"{what} {given[:40]!r} holds characters that cannot be printed; give plain"
            " text on one line"
        )
    return given


def signal_name(given: str) -> str:
    """Return a signal by its name without SIG; empty: none is wanted.

    Raises:
        ValueError: there is none of that name, or no program can take it.
    """
    plain = given.strip().upper().removeprefix("SIG")
    if plain in ("", "NONE"):
        return ""
    if plain in ("KILL", "STOP") or f"SIG{plain}" not in signal.Signals.__members__:
        raise ValueError(
            f"checkpoint signal {given[:40]!r}: no program can take that; try USR1"
        )
    return plain

"""Finds the run that a user means."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from greenops.errors import RunNotFoundError
from greenops.ledger import reading
from greenops.ledger.text import unescape

if TYPE_CHECKING:
    from sqlalchemy import Connection

LAST = "last"
NEAR_AMONG = 500
"""How many of the newest runs are looked through for near matches."""
NEAR_SHOWN = 3


def find_key(connection: "Connection", name: str) -> int:
    """Return the key of a run.

    Args:
        connection: To the ledger.
        name: `last`, an id, a name (the newest run of it), or the beginning of an id,
            tried in this order.

    Raises:
        RunNotFoundError: there is none, or the beginning fits several.
    """
    found = reading.newest_key(connection) if name == LAST else None
    found = found or reading.key_of(connection, name)
    found = found or reading.newest_key(connection, name=name)
    if found is not None:
        return found
    begun = reading.keys_by_prefix(connection, name) if name else []
    if len(begun) == 1:
        return begun[0][0]
    if begun:
        ids = ", ".join(unescape(run_id) for _, run_id in begun)
        raise RunNotFoundError(f"{name!r} is the beginning of several runs: {ids}")
    raise RunNotFoundError(f"no run {name!r}. {_near(connection, name)}")


def _near(connection: "Connection", name: str) -> str:
    recent = reading.recent_ids_and_names(connection, NEAR_AMONG)
    if not recent:
        return "The ledger holds no run yet: greenops wrap -- COMMAND makes one."
    known = {unescape(text): None for both in recent for text in both}
    near = get_close_matches(name, list(known), n=NEAR_SHOWN)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"`greenops runs` lists them; the newest is {unescape(recent[0][0])}."

"""Reads JSON answers: what is not there, or is something else, is said by name."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from greenops.errors import SignalError

_SHOWN_CHARS = 60


def json_of(body: bytes, url: str) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return what a body of JSON holds; NaN and infinities are kept as such.

    Raises:
        SignalError: it is a web page, cut off, or otherwise no JSON.
    """
    text = body.decode("utf-8", "replace").strip()
    if not text:
        raise SignalError(f"{url}: an empty answer")
    if text.startswith("<"):
        raise SignalError(
            f"{url}: a web page instead of JSON; a proxy, a log-in page, or "
            "another base_url?"
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        what = e.msg if isinstance(e, json.JSONDecodeError) else type(e).__name__
        raise SignalError(
            f"{url}: {len(body)} bytes that are no JSON ({what}); cut off?"
        ) from None  # the error quotes the whole answer


def member(body: object, *path: str, url: str) -> Any:  # noqa: ANN401 - as above
    """Return the value at `path` of nested objects.

    Raises:
        SignalError: there is none; says which name is missing.
    """
    here = body
    for i, name in enumerate(path):
        if not isinstance(here, Mapping) or name not in here:
            where = ".".join(path[: i + 1])
            raise SignalError(
                f"{url}: the answer has no {where!r}; it has {_has(here)}"
            )
        here = here[name]
    return here


def rows_of(body: object, *path: str, url: str) -> Sequence[Mapping[str, Any]]:
    """Return a list of objects at `path`.

    Raises:
        SignalError: it is no list, or holds something else than objects.
    """
    rows = member(body, *path, url=url)
    if not isinstance(rows, list) or not all(isinstance(r, Mapping) for r in rows):
        raise SignalError(
            f"{url}: {'.'.join(path) or 'the answer'} is no list of objects"
        )
    return rows


def _has(here: object) -> str:
    if isinstance(here, Mapping):
        names = ", ".join(sorted(map(str, here))) or "nothing"
        return names[:_SHOWN_CHARS]
    return f"a {type(here).__name__}"

"""The free tables `[signals.NAME]` of a configuration: what may stand in them.

Which keys a signal knows is for the signal to say. Kept out here are secrets, for
everybody, and, for files that came with a project, where credentials go: whoever
cloned a stranger's repository must not send them to the stranger.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_SECRET = re.compile(
    r"(.*[_-])?(key|token|secret|password|passwd|passphrase|credentials?|auth|jwt|"
    r"bearer|apikey|authtoken)",
    re.IGNORECASE,
)
_USER_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]*@", re.IGNORECASE)
_WHERE_TO = re.compile(r"(.*_)?(url|host|endpoint|proxy|key_file)")
_PATH = re.compile(r"(.*_)?(path|file|folder)")
_WORTH_HIDING = "a secret does not belong in a configuration file"
_INSTEAD = (
    "put it into the environment, or into a file that only you can read "
    '(chmod 600) and name that: key_file = "..."'
)


def checked_settings(
    table: Mapping[str, object], folder: Path, *, found: bool
) -> tuple[dict[str, object], list[str]]:
    """Return what may be handed to the signal, and a complaint per key that may not.

    No complaint repeats a value: it may be a secret.

    Args:
        table: As written.
        folder: Of the file; keys called path, file or folder are relative to it.
        found: The file came with a project.
    """
    good: dict[str, object] = {}
    bad = []
    for key, value in table.items():
        if said := _objection(key, value, found=found):
            bad.append(f"{key}: {said}")
        elif isinstance(value, str) and _PATH.fullmatch(key):
            good[key] = str(folder / _at_home(value))
        else:
            good[key] = value
    return good, bad


def _objection(key: str, value: object, *, found: bool) -> str:
    if _SECRET.fullmatch(key) or _holds_secret(value):
        return f"{_WORTH_HIDING}; {_INSTEAD}"
    if found and _WHERE_TO.fullmatch(key):
        return (
            "not taken from a project's file, which may be a stranger's and would get "
            "your credentials; set it in your own configuration"
        )
    return ""


def _holds_secret(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_SECRET.fullmatch(k) or _holds_secret(v) for k, v in value.items())
    if isinstance(value, list):
        return any(_holds_secret(part) for part in value)
    return isinstance(value, str) and bool(_USER_IN_URL.match(value))


def _at_home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no home, or nobody of that name
        return Path(text)

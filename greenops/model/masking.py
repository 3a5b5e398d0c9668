"""Command lines as they may be kept and shown: without what looks like a secret."""

import re
from collections.abc import Sequence

_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|secret|token$|api[-_]?key|credential|auth$|private[-_]?key",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"(://[^/:@\s]+:)[^@/\s]+(@)")
MASK = "***"


def masked(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments with whatever looks like a secret replaced.

    Covers `--token X`, `--token=X`, `API_KEY=X` and passwords in URLs. It is a
    safety net, not a proof: secrets do not belong on a command line.
    """
    shown: list[str] = []
    hide_next = False
    for arg in argv:
        name, equals, _ = arg.partition("=")
        if hide_next and not arg.startswith("-"):
            shown.append(MASK)
        elif equals and _SECRET.search(name):
            shown.append(f"{name}={MASK}")
        else:
            shown.append(_URL_PASSWORD.sub(rf"\1{MASK}\2", arg))
        hide_next = arg.startswith("-") and not equals and bool(_SECRET.search(arg))
    return tuple(shown)

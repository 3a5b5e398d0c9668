"""Whose jobs this process may run: those of the account it acts as, and no other's.

What a job says of its owner is text that somebody wrote. It is held against what the
kernel says of this process, so that no text makes a job run with the rights of another.
"""

import os
import re

_NAMELESS = re.compile(r"uid (\d{1,10})")


def why_not_ours(user: str) -> str:
    """Return why this process may not run a job of `user`; empty: it may.

    Args:
        user: A login name, or `uid N` for an account without one.
    """
    if uid_of(user) == os.geteuid():
        return ""
    return (
        f"it is a job of {user!r}, and this process acts for {_account()!r}: a job runs"
        " as who submitted it; have a daemon run as that user (`greenops daemon"
        " install`, as root with --system --as USER)"
    )


def uid_of(user: str) -> int | None:
    """Return the number of an account; None: there is none of that name."""
    import pwd  # not there on Windows, where no job is run

    if nameless := _NAMELESS.fullmatch(user):
        return int(nameless[1])
    try:
        return pwd.getpwnam(user).pw_uid
    except (KeyError, ValueError):  # a NUL in it is no name either
        return None


def _account() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"

"""Tells a supervisor such as systemd how the daemon is.

Source: sd_notify(3): datagrams of lines `NAME=value` to the socket `NOTIFY_SOCKET`.
"""

import os
import socket


def notify(state: str) -> bool:
    """Send a state to who started us; return whether anybody wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # An abstract socket has a NUL in place of the `@`.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        ) as to:
            to.sendto(state.encode(), target)
    except OSError:  # a supervisor that is gone must not end the daemon
        return False
    return True

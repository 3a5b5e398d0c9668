"""The systemd unit of the daemon.

Jobs are its children and live in its sandbox, so that nothing is barred that a training
needs: devices, network, files of its owner. They outlive the daemon (`KillMode`), and
may have control groups of their own (`Delegate`).
"""

from collections.abc import Mapping
from pathlib import Path

NAME = "greenops.service"
_UNIT = """\
[Unit]
Description=greenops: starts and pauses jobs by the carbon of the grid
After=network.target

[Service]
Type=notify
NotifyAccess=main
{user}ExecStart={python} -P -m greenops daemon
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=5
TimeoutStartSec=120
WatchdogSec=120
KillMode=process
Delegate=yes
UMask=0077
NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
{more}
[Install]
WantedBy={wanted}
"""
_SYSTEM_ONLY = """\
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectHostname=yes
"""


def unit_text(python: str, *, user: str | None) -> str:
    """Return the unit.

    Args:
        python: The interpreter that greenops is installed for.
        user: Who a unit of the whole machine runs as; None: a unit of one user.
    """
    return _UNIT.format(
        python=quoted(python),
        user="" if user is None else f"User={user}\n",
        more="" if user is None else _SYSTEM_ONLY,
        wanted="default.target" if user is None else "multi-user.target",
    )


def quoted(word: str) -> str:
    """Return a word of a command line as systemd reads it.

    Source: systemd.service(5), "Command lines": quotes, backslashes, `%`, `$`.

    Raises:
        ValueError: it holds a character that ends a line.
    """
    if any(c in word for c in "\n\r\0"):
        raise ValueError(f"a unit cannot hold {word!r}")
    plain = word.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("%", "%%").replace("$", "$$") + '"'


def unit_path(environ: Mapping[str, str], *, system: bool) -> Path:
    """Return where systemd looks for the unit."""
    if system:
        return Path("/etc/systemd/system") / NAME
    configured = environ.get("XDG_CONFIG_HOME", "")
    home = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return home / "systemd" / "user" / NAME

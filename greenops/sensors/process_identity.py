"""Tells from its control group and its environment which job a process belongs to.

The kernel's word counts for more than the process's own: a control group cannot be
chosen by an ordinary user, an environment variable can. So what rests on a variable
carries the user id, and nobody's energy lands on another's job.

Source: Slurm, "Control Group v2 plugin" (`slurmstepd.scope/job_N/step_N`) and, of
version 1, `slurm/uid_U/job_N`; Kubernetes, kubelet's cgroup drivers (`kubepods`, the
pod's uid); runc, containerd, CRI-O and Podman, names of their scopes;
systemd.special(7); Ray, `RAY_JOB_ID` of its workers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from greenops.model import Identity, IdentityKind

VARIABLES = ("GREENOPS_JOB_ID", "SLURM_JOB_ID", "SLURM_JOB_NAME", "RAY_JOB_ID")
"""What of an environment is looked at. Nothing else of it is kept."""
MAX_ID_CHARS = 128
SHOWN_CHARS = 12
"""Of a container's id, as its own tools show it."""

_SLURM_V2 = re.compile(r"slurmstepd\.scope/job_(\d+)(?:/|$)")
_SLURM_V1 = re.compile(r"/slurm(?:_[^/]+)?/uid_\d+/job_(\d+)(?:/|$)")
_POD = re.compile(r"(?:^|[/-])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}"
                  r"|[0-9a-f]{32})(?:\.slice)?(?:[/:]|$)")  # fmt: skip
_CONTAINER = re.compile(
    r"(?:^|[/:.-])([0-9a-f]{64}|[0-9a-f]{32}-\d{6,})(?:\.scope)?(?:/|$)"
)
"""Docker, containerd, CRI-O, Podman: 64 hex digits; Amazon ECS: task and number."""
_LXC = re.compile(r"/lxc(?:\.payload)?[./]([\w.-]+)(?:/|$)")
_UNIT = re.compile(r"/([^/]+\.(?:service|scope))(?=/|$)")
_HOLDERS = re.compile(
    r"^(?:session-.+\.scope|user@\d+\.service|init\.scope|vte-spawn-.+\.scope"
    r"|tmux-spawn-.+\.scope|app-.*(?:terminal|konsole|tmux).*\.(?:scope|service)"
    r"|(?:ssh|sshd|cron|crond|atd)(?:@.*)?\.service|user-runtime-dir@\d+\.service"
    r"|dbus.*\.service|containerd\.service|docker\.service|slurmd\.service"
    r"|slurmstepd\.scope|.+_slurmstepd\.scope)$",
    re.IGNORECASE,
)
"""Units that hold many jobs, or none: logins, terminals, those who start others."""
_PLAIN_ID = re.compile(r"[\w.:@+-]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The process that a job without any better identity goes back to.

    Attributes:
        pid: Its process id.
        started_s: When it started, in s since boot: pids are used again.
        name: Its program.
    """

    pid: int
    started_s: float
    name: str


def identity_of(
    cgroup_text: str, environ: Mapping[str, str], *, uid: int, root: Root
) -> Identity:
    """Return which job a process belongs to.

    In this order: a job of greenops, of Slurm, of Ray; a pod, a container; a service or
    scope of systemd that holds one job; else the process its tree goes back to.

    Args:
        cgroup_text: `/proc/PID/cgroup`, of any version; empty where unreadable.
        environ: Its environment; empty where unreadable.
        uid: Its real user id.
        root: Where its tree begins.
    """
    paths = _paths(cgroup_text)
    return (
        _of_variable(IdentityKind.GREENOPS, environ, "GREENOPS_JOB_ID", uid)
        or _slurm(paths, environ, uid)
        or _of_variable(IdentityKind.RAY, environ, "RAY_JOB_ID", uid)
        or _pod(paths)
        or _container(paths)
        or _unit(paths)
        or Identity(
            kind=IdentityKind.PROCESS,
            id=f"{root.pid}@{root.started_s:.2f}",
            name=root.name,
        )
    )


def generic_name(kind: IdentityKind, job: str) -> str:
    """Return what a job is called whose own name is not known."""
    return f"{kind} job {job}"


def _paths(text: str) -> list[str]:
    """Return the paths of a cgroup file, that of the unified hierarchy first."""
    lines = [line.split(":", 2) for line in text.splitlines()]
    paths = [(fields[0] != "0", fields[2]) for fields in lines if len(fields) == 3]
    return [path for _, path in sorted(paths, key=lambda found: found[0])]


def _first(pattern: re.Pattern[str], paths: list[str]) -> re.Match[str] | None:
    return next((found for path in paths if (found := pattern.search(path))), None)


def _of_variable(
    kind: IdentityKind, environ: Mapping[str, str], variable: str, uid: int
) -> Identity | None:
    given = environ.get(variable, "")
    if not (_PLAIN_ID.match(given) and len(given) <= MAX_ID_CHARS):
        return None
    name = environ.get(f"{kind.upper()}_JOB_NAME") or generic_name(kind, given)
    return Identity(kind=kind, id=given, name=name, uid=uid)


def _slurm(paths: list[str], environ: Mapping[str, str], uid: int) -> Identity | None:
    found = _first(_SLURM_V2, paths) or _first(_SLURM_V1, paths)
    if found is None:
        return _of_variable(IdentityKind.SLURM, environ, "SLURM_JOB_ID", uid)
    job = found[1]
    named = environ.get("SLURM_JOB_ID") == job and environ.get("SLURM_JOB_NAME")
    name = named or generic_name(IdentityKind.SLURM, job)
    return Identity(kind=IdentityKind.SLURM, id=job, name=name)


def _pod(paths: list[str]) -> Identity | None:
    found = _first(_POD, paths)
    if found is None:
        return None
    uid = found[1].replace("_", "-")  # the systemd driver writes it so
    return Identity(kind=IdentityKind.POD, id=uid, name=f"pod {uid}")


def _container(paths: list[str]) -> Identity | None:
    if found := _first(_CONTAINER, paths):
        whole = found[1]
        name = f"container {whole[:SHOWN_CHARS]}"
        return Identity(kind=IdentityKind.CONTAINER, id=whole, name=name)
    if found := _first(_LXC, paths):
        name = f"container {found[1]}"
        return Identity(kind=IdentityKind.CONTAINER, id=found[1], name=name)
    return None


def _unit(paths: list[str]) -> Identity | None:
    """Return the innermost unit, where it holds one job; None for one of many."""
    for path in paths:
        units = _UNIT.findall(path)
        if not units:
            continue
        if _HOLDERS.match(units[-1]):
            return None
        owner = re.search(r"/user-(\d+)\.slice/", path)
        return Identity(
            kind=IdentityKind.UNIT,
            id=units[-1],
            name=units[-1].removesuffix(".service").removesuffix(".scope"),
            uid=int(owner[1]) if owner else None,
        )
    return None

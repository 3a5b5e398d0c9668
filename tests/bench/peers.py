"""Other trackers, each in an environment of its own, and how each wraps a command.

All run offline: codecarbon by its option, eco2ai by a given country, and for all of
them every proxy points at a closed port, so a request is refused at once instead of
timing out. That favours the peers that would ask the network at their start.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).parents[2] / ".bench"
HERE = Path(__file__).parent
CLOSED_PORT = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One tracker.

    Attributes:
        name: As it is called in the tables, with the face that is measured.
        requirements: What pip installs for it.
        prefix: Arguments in front of the command; `{bin}` is its environment's
            program folder. Each samples once a second.
    """

    name: str
    requirements: tuple[str, ...]
    prefix: tuple[str, ...]

    @property
    def root(self) -> Path:
        """Where its environment lies."""
        return BENCH / self.requirements[0]

    def wrap(self, job: Sequence[str]) -> list[str]:
        """Return the arguments that run `job` under this tracker."""
        return [part.format(bin=self.root / "bin") for part in self.prefix] + list(job)

    def version(self) -> str:
        """Return the version that is installed."""
        name = self.requirements[0]
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        return subprocess.check_output(
            [self.root / "bin" / "python", "-c", code], text=True
        ).strip()


PEERS = (
    Peer(
        name="codecarbon CLI",
        requirements=("codecarbon",),
        prefix=(
            "{bin}/codecarbon",
            "monitor",
            "--offline",
            "--country-iso-code=DEU",
            "--no-api",
            "--measure-power-secs=1",
            "--",
        ),
    ),
    Peer(
        name="carbontracker CLI",
        requirements=("carbontracker",),
        prefix=("{bin}/carbontracker",),
    ),
    Peer(
        name="zeus API",
        requirements=("zeus",),
        prefix=("{bin}/python", str(HERE / "drive_zeus.py")),
    ),
    Peer(
        name="eco2ai API",
        # It cannot write its own file with pandas 3.
        requirements=("eco2ai", "pandas<3"),
        prefix=("{bin}/python", str(HERE / "drive_eco2ai.py")),
    ),
    Peer(
        name="perun CLI",
        requirements=("perun",),
        prefix=("{bin}/perun", "monitor", "--sampling-period=1", "--binary"),
    ),
)


def environment(home: Path) -> dict[str, str]:
    """Return the environment all contenders run in: an empty home, no network."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    proxies = {f"{kind}_PROXY": CLOSED_PORT for kind in ("HTTP", "HTTPS", "ALL")}
    lowered = {key.lower(): url for key, url in proxies.items()}
    return {**kept, **proxies, **lowered, "HOME": str(home), "PYTHONWARNINGS": "ignore"}


def installed(*, env: Mapping[str, str], cwd: Path) -> Iterator[Peer]:
    """Yield the peers that install and survive a no-op; say why the others do not."""
    for peer in PEERS:
        try:
            install(peer)
            subprocess.run(
                peer.wrap(["true"]),
                env=env,
                cwd=cwd,
                check=True,
                capture_output=True,
                timeout=120,
            )
        except (OSError, subprocess.SubprocessError) as e:
            said = getattr(e, "stderr", None) or b""
            last = said.decode(errors="replace").strip().splitlines()[-1:]
            print(f"skipping {peer.name}: {e} {' '.join(last)}", file=sys.stderr)
        else:
            yield peer


def install(peer: Peer) -> None:
    """Make the peer's environment, unless it is there already.

    Raises:
        subprocess.CalledProcessError: pip could not install it.
    """
    done = peer.root / ".installed"
    if done.exists():
        return
    print(f"installing {' '.join(peer.requirements)}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", peer.root], check=True)
    python = str(peer.root / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "-q", *peer.requirements],
        check=True,
        capture_output=True,
    )
    done.touch()

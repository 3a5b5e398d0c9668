"""What the sampling of a node has found, for people who ask the daemon."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MOST_NAMES = 20
MOST_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """A node as it was last sampled.

    Attributes:
        sampled_epoch_s: When it last was; UTC epoch seconds.
        devices: Names of what is measured, with how.
        found: Names of the jobs that nobody wrapped and that became runs, 20 at most.
        found_jobs: How many there are of them.
        problems: What a reader of the figures should know, in sentences.
    """

    sampled_epoch_s: float
    devices: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    found_jobs: int = 0
    problems: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        epoch_s: float,
        *,
        devices: Sequence[str],
        found: Sequence[str],
        problems: Sequence[str],
    ) -> "NodeSeen":
        """Return what was seen, cut to what a heartbeat may hold."""
        return cls(
            sampled_epoch_s=epoch_s,
            devices=_short(devices),
            found=_short(found),
            found_jobs=len(found),
            problems=_short(problems),
        )

    def as_plain(self) -> dict[str, object]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> "NodeSeen":
        """Return what `as_plain` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        texts = {
            name: tuple(str(text) for text in plain[name])
            for name in ("devices", "found", "problems")
        }
        return cls(
            sampled_epoch_s=float(plain["sampled_epoch_s"]),
            found_jobs=int(plain["found_jobs"]),
            **texts,
        )


def _short(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text[:MOST_CHARS] for text in texts[:MOST_NAMES])

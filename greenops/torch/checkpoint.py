"""Checkpoints in a folder: whole or not there, the last one kept until the next stands.

    FOLDER/../paused                    left by a program that ended to be run again
    FOLDER/step-0000001200/rank-0.pt    what one rank has to keep
    FOLDER/latest                       the name of the folder that counts

A rank writes its file and has it on the disk; once all have, rank 0 names the folder in
`latest`, in one step. Whatever is killed between two lines leaves the one before.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from greenops.errors import CheckpointError

LATEST = "latest"
PAUSED = "paused"
"""A mark beside the checkpoints: the program ended to be run again.

For launchers that make exit status 1 of whatever their processes end with.
"""
PREFIX = "step-"


class Checkpoints:
    """The checkpoints of one training.

    Args:
        folder: Made if missing, for this user alone.
        rank: Of this process, from 0 on.
    """

    def __init__(self, folder: Path, rank: int = 0) -> None:
        self._folder = folder
        self._rank = rank

    def latest(self) -> Mapping[str, Any] | None:
        """Return what this rank kept last; None: nothing was.

        Raises:
            CheckpointError: it is damaged, or of fewer ranks.
        """
        try:
            name = (self._folder / LATEST).read_text().strip()
        except FileNotFoundError:
            return None
        path = self._folder / name / self._file
        if not name.startswith(PREFIX) or "/" in name or not path.exists():
            raise CheckpointError(
                f"{self._folder / LATEST} names {name!r}, where rank {self._rank} has"
                " kept nothing: resume with as many processes as before, or remove"
                " that file to begin anew"
            )
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as e:
            raise CheckpointError(
                f"{path} cannot be read ({e}): remove {self._folder / LATEST} to begin"
                " anew"
            ) from e
        if not isinstance(state, dict):
            raise CheckpointError(f"{path} holds no checkpoint")
        return state

    def write(self, step: int, state: Mapping[str, Any]) -> None:
        """Put this rank's part of a checkpoint on the disk; it does not count yet.

        Raises:
            OSError: it cannot be written; nothing of it stays.
        """
        folder = self._at(step)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = folder / f".{self._file}"
        try:
            with beside.open("wb") as stream:
                torch.save(dict(state), stream)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(folder / self._file)
            _sync(folder)
        except RuntimeError as e:  # what torch makes of a full disk
            beside.unlink(missing_ok=True)
            raise OSError(f"{folder}: {e}") from e
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def commit(self, step: int) -> None:
        """Let the checkpoint of a step count, and remove the others.

        Raises:
            OSError: it cannot be written; the one before counts.
        """
        beside = self._folder / f".{LATEST}"
        with beside.open("w") as stream:
            stream.write(self._at(step).name)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(self._folder / LATEST)
        _sync(self._folder)
        for other in self._folder.glob(f"{PREFIX}*"):
            if other != self._at(step):
                shutil.rmtree(other, ignore_errors=True)

    def discard(self, step: int) -> None:
        """Remove a checkpoint that is not to count."""
        name = self._at(step).name
        try:
            counts = (self._folder / LATEST).read_text().strip() == name
        except OSError:
            counts = False
        if not counts:
            shutil.rmtree(self._at(step), ignore_errors=True)

    def mark_paused(self, *, paused: bool) -> None:
        """Leave the mark that the program ended to be run again, or take it away."""
        mark = self._folder.parent / PAUSED
        if paused:
            mark.touch(mode=0o600)
        else:
            mark.unlink(missing_ok=True)

    @property
    def _file(self) -> str:
        return f"rank-{self._rank}.pt"

    def _at(self, step: int) -> Path:
        return self._folder / f"{PREFIX}{step:010d}"


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

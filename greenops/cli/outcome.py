"""Tells the user how a measured run ended: the summary, and the JSON file."""

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from greenops.config import Config
from greenops.footprint.equivalents import equivalents
from greenops.report.document import summary_to_dict
from greenops.report.render import render_summary
from greenops.report.summary import Summary
from greenops.tracking.recording import Result
from greenops.wire.within import summary_of


def tell(
    result: Result,
    config: Config,
    *,
    json_path: str | None,
    complaints: Sequence[str],
) -> None:
    """Print the summary to standard error and write the JSON file.

    Never raises: the command has run, and its exit status is what counts.
    """
    summary = compared(summary_of(result, extra=complaints), config)
    if json_path is not None:
        try:
            write_beside(
                Path(json_path), json.dumps(summary_to_dict(summary), indent=2)
            )
        except OSError as e:
            say(f"greenops: {json_path} was not written: {e.strerror or e}")
    if not config.quiet:
        say("\n" + render_for(summary, sys.stderr))
    else:
        for loss in result.losses:
            say(f"greenops: {loss}")


def compared(summary: Summary, config: Config) -> Summary:
    """Return the summary with what it compares to, unless that is switched off."""
    if not config.footprint_equivalents or summary.footprint is None:
        return summary
    known = equivalents(
        energy_j=summary.footprint.facility_energy_j.central,
        emissions_g=summary.footprint.total_g.central,
    )
    return replace(summary, facts=replace(summary.facts, equivalents=known))


def render_for(summary: Summary, stream: TextIO | None) -> str:
    """Return the summary as `stream` can show it; None: it is closed."""
    width = 80
    tty = stream is not None and stream.isatty()
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            width = os.get_terminal_size(stream.fileno()).columns
    color = tty and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return render_summary(
        summary, width=width, color=color, unicode=takes_unicode(stream)
    )


def takes_unicode(stream: TextIO | None) -> bool:
    """Return whether the stream's encoding has the signs a summary is drawn with."""
    encoding = stream.encoding if stream is not None else None
    try:
        "\u2013\u2588".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(text: str) -> None:
    """Write to standard error; a stream that is closed or gone is no reason to fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def write_beside(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise

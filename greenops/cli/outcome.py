"""Tells the user how a measured run ended: the summary, and the JSON file."""

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from greenops.cli.text import look_of
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
        from greenops.report.tables import write_beside

        text = json.dumps(summary_to_dict(summary), indent=2) + "\n"
        try:
            write_beside(Path(json_path), lambda p: p.write_text(text, "utf-8"))
        except OSError as e:
            say(f"greenops: {json_path} was not written: {e.strerror or e}")
    if not config.quiet:
        look = look_of(sys.stderr, os.environ)
        shown = render_summary(
            summary, width=look.width, color=look.color, unicode=look.unicode
        )
        say("\n" + shown)
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


def say(text: str) -> None:
    """Write to standard error; a stream that is closed or gone is no reason to fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

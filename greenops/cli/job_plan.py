"""The plan that a submitted job waits by, as its last decision has it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from greenops.model import Decision
from greenops.report.look import Look
from greenops.report.plan_text import Said
from greenops.report.text import fold, mass, safe

LABEL = 12


def chosen_words(decision: Decision, said: Said | None = None) -> str:
    """Return where and when a decision has the job run, in one line."""
    said = said or Said()
    chosen = decision.chosen
    if not chosen:
        return "as soon as a place has room for it"
    return f"{chosen.get('place') or 'anywhere'}, {_spans(chosen, said)}"


def plan_lines(job_id: str, decision: Decision | None, look: Look) -> Iterator[str]:
    """Yield the standing plan of a job, with what else was weighed.

    Args:
        job_id: Of the job.
        decision: The last one; None: nothing was decided yet.
        look: Of the screen.
    """
    yield look.paint("bold", f"job {job_id}")
    if decision is None:
        yield "  nothing was decided of it yet; a daemon does: greenops daemon status"
        return
    said = Said(dash=look.dash)
    yield from _row("runs", chosen_words(decision, said), look)
    if decision.chosen and decision.chosen.get("emissions_g") is not None:
        yield from _row("emits", mass(float(str(decision.chosen["emissions_g"]))), look)
    if decision.predicted_saved_g is not None:
        saved_g = decision.predicted_saved_g
        yield from _row("saves", mass(saved_g) if saved_g > 0.0 else "nothing", look)
    yield from _row("why", decision.reason, look)
    yield from _row("decided", f"{said.time(decision.at)}: {decision.cause}", look)
    for i, words in enumerate(candidates_words(decision, said)):
        yield from _row("" if i else "weighed", words, look)
    yield from _row("on", f"inputs {decision.inputs_sha256[:16]}", look)


def candidates_words(decision: Decision, said: Said) -> Iterator[str]:
    """Yield each way of running a job that was weighed, or why a place was not."""
    for option in decision.candidates:
        yield _weighed(option, said)


def _weighed(option: Mapping[str, Any], said: Said) -> str:
    place = option.get("place", "")
    if "rule" in option:
        return f"{place}: left out ({option['rule']}): {option.get('detail', '')}"
    emits = option.get("emissions_g")
    cost = "" if emits is None else f": {mass(float(emits))}"
    return f"{place}, {_spans(option, said)}{cost}"


def _spans(option: Mapping[str, Any], said: Said) -> str:
    spans = [
        said.span(datetime.fromisoformat(a), datetime.fromisoformat(b))
        for a, b in option.get("segments", ())
    ]
    more = [f"{len(spans) - 6} more"] if len(spans) > 6 else []
    return "; ".join([*spans[:6], *more]) or "as soon as there is room"


def _row(label: str, text: str, look: Look) -> Iterator[str]:
    room = max(look.columns - LABEL - 2, 20)
    for line in fold(safe(text, unicode=look.unicode), room):
        yield f"  {label:<{LABEL}}{line}"
        label = ""

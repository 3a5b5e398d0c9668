"""Plans on the screen: one block per job, then what everything rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from greenops.cli.plan_tables import considered, overview
from greenops.model import Forecast, Option, Plan, PlannedJob, Refusal
from greenops.report.forecast_plot import AXIS_COLUMNS, chart, hours_drawn
from greenops.report.look import LABEL_COLUMNS, Look
from greenops.report.plan_facts import Planned
from greenops.report.plan_text import Said
from greenops.report.text import fold, safe

HOUR = timedelta(hours=1)
MOST_WHOLE = 4
"""More jobs than these are listed, one a line: `--json` has all of each."""
MOST_EXCLUDED = 8


class Screen:
    """Lays out what was planned for one screen."""

    def __init__(
        self, planned: Planned, look: Look, zone: tzinfo | None = None
    ) -> None:
        """Show times in `zone`; None: this machine's."""
        self._planned = planned
        self._look = look
        self._zone = zone
        arrow = "→" if look.unicode else "->"
        self._said = Said(zone, dash=look.dash, arrow=arrow)

    def lines(self) -> Iterator[str]:
        """Yield the lines, none wider than the screen."""
        plans = self._planned.plans
        if len(plans) > MOST_WHOLE:
            yield from overview(self._planned, self._said, self._look)
            yield ""
            plans = ()
        for plan in plans:
            yield from self._plan(plan, drawn=len(plans) == 1)
            yield ""
        for refusal in self._planned.refusals:
            yield from self._refusal(refusal)
            if len(self._planned.refusals) <= MOST_WHOLE:
                yield from self._labelled(
                    [("left out", self._said.excluded(x)) for x in refusal.excluded]
                )
            yield ""
        yield from self._footing()

    def _plan(self, plan: Plan, *, drawn: bool) -> Iterator[str]:
        job, said = self._planned.job(plan.job), self._said
        chosen = plan.chosen
        yield from self._headline(said.job(job))
        zone = self._planned.place(chosen.place).zone
        rows = [
            ("where", said.where(chosen, job, zone)),
            ("when", said.when(chosen, job)),
            ("emits", said.emits(chosen.cost)),
            ("of which", said.parts(chosen.cost)),
            ("saves", said.saves(plan, job)),
            *self._replayed(plan, job),
            *[("data", said.transfer(t)) for t in chosen.transfers],
        ]
        yield from self._labelled(rows)
        yield from self._whole("why", plan.reason.words)
        for sentence in plan.advice:
            yield from self._whole("advice", sentence)
        forecast = self._planned.place(chosen.place).forecast
        if drawn and forecast is not None:
            yield ""
            yield from self._drawn(forecast, chosen, job)
        yield ""
        yield from considered(plan, self._planned, self._said, self._look)
        yield from self._excluded(plan)

    def _replayed(self, plan: Plan, job: PlannedJob) -> Iterator[tuple[str, str]]:
        came = self._planned.came.get(plan.job)
        if came is None:
            return
        yield "came to", self._said.came(came, job)
        if came.oracle is not None:
            zone = self._planned.place(came.oracle.place).zone
            yield "best was", self._said.oracle(came.oracle, job, zone)

    def _refusal(self, refusal: Refusal) -> Iterator[str]:
        yield from self._headline(self._said.job(self._planned.job(refusal.job)))
        yield from self._labelled([("", self._said.refused(refusal))], style="bad")
        yield from self._labelled([("would do", refusal.change)])

    def _excluded(self, plan: Plan) -> Iterator[str]:
        excluded = plan.reason.excluded
        if not excluded:
            return
        yield ""
        rows = [("left out", self._said.excluded(x)) for x in excluded[:MOST_EXCLUDED]]
        if more := len(excluded) - len(rows):
            rows.append(("", f"and {more} more places"))
        yield from self._labelled(rows)

    def _drawn(
        self, forecast: Forecast, chosen: Option, job: PlannedJob
    ) -> Iterator[str]:
        """Yield the chart of the place chosen up to the deadline, and the run below."""
        window = within(forecast, self._planned.made_at, job.deadline)
        if window is None:
            return
        title = f"gCO2e/kWh at {chosen.place}, expected; {window.method}"
        yield from fold(safe(title, unicode=self._look.unicode), self._look.columns)
        *rows, axis = chart(window, self._look, self._zone)
        yield from rows
        on, off = ("█", "·") if self._look.unicode else ("#", ".")
        marks = "".join(
            self._look.paint("bold", on) if _runs(chosen, hour.start) else off
            for hour in hours_drawn(window, self._look)
        )
        yield f"{'runs':>{AXIS_COLUMNS}} {marks}"
        yield axis

    def _footing(self) -> Iterator[str]:
        planned = self._planned
        made_at = planned.made_at.astimezone(self._zone)
        if len(planned.plans) > 1:
            for line in self._said.together(planned):
                yield from fold(line, self._look.columns)
        how = "replayed as of" if planned.came or planned.actual else "planned"
        said = f"{how} {made_at:%a %d %b %Y %H:%M}; times are {made_at:%Z}"
        for line in (said, *planned.notes, *planned.sources):
            folded = fold(safe(line, unicode=self._look.unicode), self._look.columns)
            yield from (self._look.paint("dim", part) for part in folded)

    def _headline(self, text: str) -> Iterator[str]:
        for line in fold(safe(text, unicode=self._look.unicode), self._look.columns):
            yield self._look.paint("bold", line)

    def _whole(self, label: str, text: str) -> Iterator[str]:
        """Yield all of a text beside its label: a reason is not cut."""
        room = self._look.columns - LABEL_COLUMNS
        for line in fold(safe(text, unicode=self._look.unicode), room):
            yield f"  {label:<{LABEL_COLUMNS - 2}}{line}"
            label = ""

    def _labelled(
        self, rows: Sequence[tuple[str, str]], style: str = ""
    ) -> Iterator[str]:
        before = ""
        for label, text in rows:
            yield from self._look.labelled(
                "" if label == before else label, text, style
            )
            before = label


def within(forecast: Forecast, start: datetime, stop: datetime) -> Forecast | None:
    """Return the part of a forecast that touches a span; None: none does."""
    hours = tuple(
        h for h in forecast.hours if start < h.start + HOUR and h.start < stop
    )
    return replace(forecast, hours=hours) if hours else None


def _runs(option: Option, hour: datetime) -> bool:
    return any(s.start < hour + HOUR and s.stop > hour for s in option.segments)

"""One job at one place, on a time axis of seconds, with its rates as curves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf

import numpy as np
from numpy.typing import NDArray

from greenops.model import Bounded, Objective, Place, PlannedJob
from greenops.planner.outlook import Outlook, Series, outlook
from greenops.planner.prospect import Z95, Prospect
from greenops.planner.robust import worth
from greenops.planner.timing.curve import Curve, Floats
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.task import Task
from greenops.units import G_PER_KG, J_PER_KWH, KG_PER_T, S_PER_HOUR


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Site:
    """A job as it would be at a place.

    Attributes:
        origin: What seconds are counted from.
        outlook: Of the place's grid, cut wherever a rate or the capacity changes.
        earliest_s: Hardware that is reserved is held from then on.
        ready_s: The job may start then or later: its data has come.
        deadline_s: As the job states it.
        resuming: It lies paused, and begins with a resumption.
        renewed: The plan will be made anew before its hours come.
        unstated_late_g_per_s: What lateness weighs where the job does not say.
    """

    job: PlannedJob
    place: Place
    origin: datetime
    outlook: Outlook
    earliest_s: float
    ready_s: float
    deadline_s: float
    resuming: bool = False
    renewed: bool = False
    unstated_late_g_per_s: float = 0.0

    @property
    def late_g_per_s(self) -> float:
        """What a second after the deadline weighs; a hard one is not missed at all."""
        if self.job.hard:
            return 0.0
        return self.job.late_g_per_h / S_PER_HOUR or self.unstated_late_g_per_s

    @property
    def power_w(self) -> float:
        """Mean power of the machine while it runs."""
        return self.job.power_w * self.place.power_factor

    @property
    def duration_s(self) -> Bounded:
        """Run time here, on as many GPUs as the job states."""
        given, scaling = self.job.duration_s, self.job.scaling
        speed = self.place.speed * (scaling[self.job.gpus - 1] if scaling else 1.0)
        return Bounded(
            central=given.central / speed,
            low=given.low / speed,
            high=given.high / speed,
        )

    @property
    def latest_s(self) -> float:
        """When a run of expected length must be done; a hard deadline keeps a margin.

        Should the run take as long as the upper end of its interval, it still is done
        by the deadline. A soft deadline may be missed, as far as the hours are known.
        """
        if not self.job.hard:
            return float(max(self.outlook.edges_s[-1], self.deadline_s))
        return self.deadline_s - (self.duration_s.high - self.duration_s.central)

    @property
    def task(self) -> Task:
        """The work, its phases as multiples of the mean power.

        On a number of GPUs that changes, it draws the mean power per GPU throughout.
        """
        whole_s, mean_w = self.duration_s.central, self.job.power_w
        flat = len(self.job.phases) == 1 or self.job.elastic
        phases = () if flat else self.job.phases
        return Task(
            whole_s, tuple((p.share * whole_s, p.power_w / mean_w) for p in phases)
        )

    @property
    def pauses(self) -> Pauses:
        """What a pause costs here, or that there must be none."""
        limits = Pauses.of(self.job.pausing, self.power_w, resuming=self.resuming)
        if self.job.interruptible:
            return limits
        return Pauses(
            resume_s=limits.resume_s,
            factor=limits.factor,
            max_pauses=0,
            resuming=self.resuming,
        )


def site_of(
    job: PlannedJob,
    place: Place,
    *,
    origin: datetime,
    series: Series | None,
    moving_s: float = 0.0,
    resuming: bool = False,
    renewed: bool = False,
) -> Site:
    """Return a job at a place, seen from `origin`.

    Args:
        job: What runs.
        place: Where.
        origin: Now; nothing is planned before.
        series: Intensity of the place's grid.
        moving_s: How long its data takes to come, from `origin` on.
        resuming: It lies paused.
        renewed: The plan will be made anew before its hours come.

    Raises:
        SignalError: two intensities are stated for one moment.
    """
    deadline_s = (job.deadline - origin).total_seconds()
    earliest_s = max(0.0, (job.earliest - origin).total_seconds())
    ready_s = max(earliest_s, moving_s)
    cuts_s = [ready_s, deadline_s, *_free_cuts_s(place, origin)]
    return Site(
        job=job,
        place=place,
        origin=origin,
        outlook=outlook(series, origin, max(deadline_s, ready_s, S_PER_HOUR), cuts_s),
        earliest_s=earliest_s,
        ready_s=ready_s,
        deadline_s=deadline_s,
        resuming=resuming,
        renewed=renewed,
    )


def weighed(
    site: Site, objective: Objective, *, by_capacity: bool = True, late: bool = True
) -> Curve:
    """Return what a second at this place weighs, in g or what counts as much.

    Energy at the grid's expected intensity, or what an hour that is not sure yet is
    worth where the plan will be renewed, and the expected PUE, the making of the
    hardware, money, and every hour after a soft deadline. Where phases or pauses draw
    more or less power, the other terms are multiplied along: over whole phases that is
    the same sum, a pause is weighed rather too heavily than too lightly, and only
    lateness in a run across its soft deadline is off.

    Args:
        site: The job at the place.
        objective: What a unit of money weighs.
        by_capacity: NaN where too few GPUs are free.
        late: Count hours after a soft deadline.
    """
    middle_s = (site.outlook.edges_s[:-1] + site.outlook.edges_s[1:]) / 2
    embodied = site.place.embodied_g_per_h.central / S_PER_HOUR
    money = (site.place.price_per_h or 0.0) * g_per_price(objective) / S_PER_HOUR
    grid_g_per_j = site.place.pue.central * chosen_by(site) / J_PER_KWH
    overdue = site.late_g_per_s if late else 0.0
    after = np.where(middle_s > site.deadline_s, overdue, 0.0)
    run = site.power_w * grid_g_per_j + embodied + money + after
    if by_capacity:
        run = np.where(_enough_free(site, middle_s), run, np.nan)
    held = site.place.idle_w * grid_g_per_j + embodied if site.place.reserved else 0.0
    return Curve(site.outlook.edges_s, run, held + after)


def dirtiest_g_per_s(site: Site, objective: Objective) -> float:
    """Return what a second of the dirtiest hour known weighs; 0: no hour is."""
    rates = weighed(site, objective, by_capacity=False, late=False).run_g_per_s
    return max(0.0, float(np.nan_to_num(rates).max()))


def chosen_by(site: Site) -> Floats:
    """Return the intensities that hours are compared by, in g/kWh."""
    central: Floats = site.outlook.g_per_kwh[0]
    if not site.renewed:
        return central
    low, high = site.outlook.g_per_kwh[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_sd = np.log(high / low) / (2 * Z95)
    ahead = Prospect(
        g_per_kwh=central[None],
        log_sd=np.where(np.isnan(central) | np.isfinite(log_sd), log_sd, 0.0)[None],
    )
    left_s = max(site.deadline_s - site.ready_s, site.duration_s.central)
    return np.asarray(worth(ahead, site.duration_s.central / left_s)[0])


def missing_gpus(site: Site) -> Curve:
    """Return how many GPUs too few are free, where the hours themselves are known."""
    middle_s = (site.outlook.edges_s[:-1] + site.outlook.edges_s[1:]) / 2
    short = np.maximum(0.0, site.job.gpus - free_gpus(site, middle_s))
    known = ~np.isnan(site.outlook.g_per_kwh[0])
    return Curve(
        site.outlook.edges_s, np.where(known, short, np.nan), np.zeros(short.shape)
    )


def grid_only(site: Site, row: int) -> Curve:
    """Return what a second emits by the machine's own energy, in g, at a PUE of 1.

    Args:
        site: The job at the place.
        row: 0 for the expected intensity, 1 and 2 for the ends of its interval.
    """
    g_per_j = site.outlook.g_per_kwh[row] / J_PER_KWH
    idle_w = site.place.idle_w if site.place.reserved else 0.0
    return Curve(site.outlook.edges_s, site.power_w * g_per_j, idle_w * g_per_j)


def g_per_price(objective: Objective) -> float:
    """Return what a unit of money weighs, in g; 0: money does not count."""
    if objective.price_per_t is None:
        return 0.0
    return G_PER_KG * KG_PER_T / objective.price_per_t


def _free_cuts_s(place: Place, origin: datetime) -> Iterable[float]:
    for free in place.free or ():
        yield (free.start - origin).total_seconds()
        yield (free.stop - origin).total_seconds()


def _enough_free(site: Site, at_s: Floats) -> NDArray[np.bool_]:
    """Return where as many GPUs are free as the job needs, shape as `at_s`."""
    if site.place.free is None or site.job.gpus == 0:
        return np.ones(at_s.shape, dtype=np.bool_)
    return np.asarray(free_gpus(site, at_s) >= site.job.gpus)


def free_gpus(site: Site, at_s: Floats) -> Floats:
    """Return how many GPUs are free at each time; infinite where no limit is stated."""
    if site.place.free is None:
        return np.full(at_s.shape, inf)
    free = np.zeros(at_s.shape)
    for part in site.place.free:
        start_s = (part.start - site.origin).total_seconds()
        stop_s = (part.stop - site.origin).total_seconds()
        free[(at_s >= start_s) & (at_s < stop_s)] = part.gpus
    return free

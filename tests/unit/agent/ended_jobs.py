"""Jobs that have ended, in a real ledger with their measured runs, for outcomes."""

from dataclasses import replace
from datetime import datetime, timedelta

from greenops.agent.planning import Site
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import (
    JOB_ID_TAG,
    Basis,
    Bounded,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    JobState,
    MarginalEmissions,
    Place,
)
from greenops.model.bounds import exact
from tests.unit.ledger.job_records import JOB_ID, a_decision, a_spec, an_event
from tests.unit.ledger.records import T0, a_footprint, a_run, a_total, an_end

HOUR = timedelta(hours=1)
KWH_J = 3.6e6
SITES = (Site(place=Place(name="lab", zone="DE", pue=exact(1.2)), executor="local"),)
HOME = {
    "places": [
        {"place": "lab", "zone": "DE", "pue": 1.2, "forecast": {"kind": "average"}},
        {"place": "fjord", "zone": "NO", "pue": 1.1, "forecast": {"kind": "average"}},
    ]
}


def at(hour: float) -> datetime:
    return T0 + hour * HOUR


def hours_of(zone, start, *intensities, kind=IntensityKind.AVERAGE):
    """Points of one hour each, known exactly."""
    return [
        IntensityPoint(
            start=at(start + i),
            stop=at(start + i + 1),
            intensity_g_per_kwh=g,
            low_g_per_kwh=g,
            high_g_per_kwh=g,
            zone=zone,
            source="a grid operator",
            kind=kind,
            basis=Basis.LIFE_CYCLE,
        )
        for i, g in enumerate(intensities)
    ]


def a_stated(kwh, g, *, zone, pue, points=(), marginal_g=None):
    """The footprint of a run whose figures are all exact."""
    energy_j = exact(kwh * KWH_J)
    marginal = marginal_g and MarginalEmissions(
        operational_g=exact(kwh * pue * marginal_g),
        intensity_g_per_kwh=exact(marginal_g),
        intensity_source="a marginal source",
        points=(),
        signal="m",
    )
    return replace(
        a_footprint(),
        energy_j=energy_j,
        facility_energy_j=exact(kwh * KWH_J * pue),
        operational_g=exact(kwh * pue * g),
        intensity_g_per_kwh=exact(g),
        zone=zone,
        pue=exact(pue),
        points=tuple(points),
        signal="test",
        marginal=marginal or None,
    )


class Ended:
    """A ledger with one job that has ended, and what its attempts used."""

    def __init__(self, folder):
        self.path = folder / "ledger.db"
        self.jobs = LedgerJobs(self.path, folder / "jobs")
        self._seq = 0

    def submit(self, **spec):
        self.jobs.add(JOB_ID, a_spec(**spec), an_event(at=T0))

    def decide(self, hour=0.0, *, place="fjord", saved_g=500.0, inputs=None, **chosen):
        made = a_decision(
            at=at(hour),
            chosen={"place": place, "segments": []} | chosen,
            predicted_saved_g=saved_g,
            inputs=inputs or HOME,
            job={"home": "lab"},
        )
        self.jobs.append(decisions=[made])

    def event(self, state, hour, *, attempt=1, place="fjord", **facts):
        self._seq += 1
        self.jobs.append(
            an_event(
                self._seq,
                state,
                at=at(hour),
                attempt_id=f"{JOB_ID}.{attempt}",
                place=place,
                facts=facts,
            )
        )

    def ran(self, number, start, stop, footprint, *, closed=True):
        """Record a run that was an attempt at the job."""
        run_id = f"20260101-{number:06d}-aaaaaa"
        recorder = LedgerRecorder(self.path)
        recorder.begin(
            a_run(
                run_id,
                started_at=at(start),
                zone=footprint and footprint.zone,
                tags={JOB_ID_TAG: JOB_ID},
            )
        )
        if closed:
            hours = [HourEnergy(hour=at(start), energy_j=footprint.energy_j.central)]
            recorder.finish(
                an_end(run_id, stopped_at=at(stop), duration_s=(stop - start) * 3600.0),
                [a_total(job_energy_j=footprint.energy_j.central)],
                replace(footprint, hours=tuple(hours)),
            )
        assert recorder.flush(10.0)
        recorder.close()
        return run_id

    def one_attempt(self, footprint, *, start=10.0, place="fjord", **submission):
        """A job that waited, ran for an hour and is done."""
        self.submit(**submission)
        self.decide(place=place)
        self.event(JobState.STARTING, start, place=place)
        run_id = self.ran(1, start, start + 1, footprint)
        self.event(JobState.DONE, start + 1, place=place)
        return run_id


def central(bounded: Bounded | None) -> float | None:
    return None if bounded is None else round(bounded.central, 6)

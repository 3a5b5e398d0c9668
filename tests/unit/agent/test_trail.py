"""What is written down with a decision, and its hash made again from that."""

import contextlib
import json
from dataclasses import replace
from hashlib import sha256

import pytest

from greenops.agent.replan import replan
from greenops.agent.trail import fingerprint, job_inputs
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Dataset, Free, Link, Place
from tests.unit.agent.test_replan import HOUR, a_place, situation, who
from tests.unit.agent.worlds import T0, forecast


def a_rich_place(**changed):
    fields = {
        "free": (Free(start=T0, stop=T0 + 30 * HOUR, gpus=4),),
        "tags": frozenset({"EU", "quiet"}),
        "links": (Link(to="there", energy_wh_per_gb=who().planned.duration_s),),
        "speed": 1.25,
    }
    return a_place(**fields | changed)


def decided(place=None, job=None):
    (decision,) = replan([job or who()], situation(place or a_rich_place())).decisions
    return decision


def test_the_hash_is_made_again_from_what_the_ledger_kept(tmp_path):
    data = (Dataset(name="größe", size_gb=0.5, at=frozenset({"here"})),)
    job = who(datasets=data, needs_tags=frozenset({"EU"}), priority=2)
    decision = decided(job=job)
    jobs = LedgerJobs(tmp_path / "ledger.db", tmp_path / "jobs")
    with contextlib.closing(jobs):
        jobs.add("j1", job.job.spec, job.job.last)
        jobs.append(decisions=[decision])
        (kept,) = jobs.decisions("j1")

    text = json.dumps(
        {"inputs": kept.inputs, "job": kept.job}, sort_keys=True, separators=(",", ":")
    )
    assert sha256(text.encode()).hexdigest() == kept.inputs_sha256
    assert fingerprint(kept.inputs, kept.job) == kept.inputs_sha256
    assert kept == decision


@pytest.mark.parametrize(
    "changed",
    [
        {"speed": 1.5},
        {"tags": frozenset({"EU"})},
        {"links": ()},
        {"private": False},
        {"free": (Free(start=T0, stop=T0 + 30 * HOUR, gpus=5),)},
        {"forecast": forecast("SE", [100.0] * 99 + [100.5] * 69)},
        {"forecast": None},
    ],
    ids=lambda c: next(iter(c)),
)
def test_whatever_a_place_is_planned_by_changes_the_hash(changed):
    plain = decided(replace(a_rich_place(), forecast=forecast("SE", [100.0] * 168)))
    other = decided(
        replace(a_rich_place(), **{"forecast": forecast("SE", [100.0] * 168)} | changed)
    )
    assert plain.inputs_sha256 != other.inputs_sha256


def test_what_stood_before_is_among_what_a_decision_was_made_on():
    first = replan([who()], situation(a_place()))
    job = job_inputs(who(), first.intents["j1"])
    assert job["standing"] == first.decisions[0].chosen
    assert "standing" not in job_inputs(who(), None)


def test_a_forecast_is_told_with_its_kind_its_time_and_a_hash_of_its_hours():
    decision = decided(a_place(intensities=[120.0] * 24))
    (place,) = decision.inputs["places"]
    told = place["forecast"]
    assert (told["kind"], told["basis"], told["hours"]) == ("average", "life cycle", 24)
    assert told["issued_at"] == T0.isoformat()
    assert len(told["sha256"]) == 64


def test_a_place_without_anything_special_says_only_what_it_has():
    place = Place(name="here", zone="SE", forecast=forecast("SE", [100.0] * 48))
    (told,) = decided(place).inputs["places"]
    assert told["configured"] == {}
    assert told["free_gpus_seen"] is None


def test_running_at_once_is_among_what_was_weighed_with_what_a_saving_counts_from():
    decision = decided(a_place())
    best, *_, at_once = decision.candidates
    assert at_once["at_once"]
    assert at_once["place"] == "here"
    saved_g = float(at_once["emissions_g"]) - float(best["emissions_g"])
    assert saved_g == pytest.approx(decision.predicted_saved_g)


def test_a_job_far_back_in_the_queue_says_what_it_was_weighed_against_as_well():
    jobs = [who(f"j{n}", interruptible=True) for n in range(12)]
    *_, last = replan(jobs, situation(a_place())).decisions
    best, at_once = last.candidates
    assert best["segments"] == (last.chosen or {})["segments"]
    assert at_once["at_once"]
    assert last.predicted_saved_g is not None


def test_a_place_that_may_not_be_used_is_said_with_its_rule():
    (decision,) = replan(
        [who(places=frozenset({"here"}))], situation(a_place(), a_place("there"))
    ).decisions
    rules = {str(c["place"]): c["rule"] for c in decision.candidates if "rule" in c}
    assert rules == {"there": "allowed places"}

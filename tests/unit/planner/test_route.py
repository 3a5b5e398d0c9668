from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Free, Seen, Workload
from greenops.planner.route import SEEN_FOR, open_places
from tests.unit.planner.scenes import HOUR, T0, job, place

LAB = place("lab")
CLOUD = place("cloud", private=False, seen=None)
INFER = Workload.INFER
TAGS = ("EU", "US", "iso-27001")


def names_and_rules(a_job, *places, now=T0):
    kept, barred = open_places(a_job, places, now=now)
    return [p.name for p in kept], {e.place: e.rule for e in barred}


@pytest.mark.parametrize(
    ("a_job", "place_fields", "rule", "detail", "change"),
    [
        pytest.param(
            job(places=frozenset({"other"})),
            {},
            "allowed places",
            "only other may run train-x",
            "lab among the places allowed",
            id="not-allowed",
        ),
        pytest.param(
            job(needs_tags=frozenset({"EU", "gdpr"}), shuns_tags=frozenset({"shared"})),
            {"tags": frozenset({"EU", "shared"})},
            "residency",
            "lab lacks gdpr and bears shared",
            "a place that bears every tag",
            id="tags",
        ),
        pytest.param(
            job(cpus=64.0),
            {"cpus": 32.0},
            "size",
            "needs 64 CPUs; at lab at most 32 are offered",
            "32 more CPUs at lab",
            id="cpus",
        ),
        pytest.param(
            job(memory_gib=64.0),
            {"memory_gib": 32.0},
            "size",
            "64 GiB of memory",
            "32 more GiB of memory at lab",
            id="memory",
        ),
        pytest.param(
            job(gpus=4),
            {"free": (Free(start=T0, stop=T0 + HOUR, gpus=2),)},
            "size",
            "at most 2 are offered",
            "2 more GPUs",
            id="too-few-gpus-ever",
        ),
        pytest.param(
            job(gpus=4),
            {"free": (Free(start=T0, stop=T0 + HOUR, gpus=0),)},
            "capacity",
            "none is ever free",
            "4 more GPUs",
            id="capacity-zero",
        ),
        pytest.param(
            job(gpus=4),
            {"free": ()},
            "capacity",
            "none is ever",
            "4 more",
            id="no-span",
        ),
        pytest.param(
            job(workload=INFER),
            {},
            "workload",
            "inference goes to public endpoints",
            "a public place, or private = true for the job",
            id="inference-at-a-private-place",
        ),
        pytest.param(
            job(private=False),
            {},
            "workload",
            "train-x goes to public places only",
            "a public place",
            id="public-wanted",
        ),
        pytest.param(
            job(workload="render"),
            {},
            "workload",
            "'render' is no kind of work that has a rule",
            "train or infer",
            id="unknown-kind",
        ),
        pytest.param(
            job(workload="render", private=True),
            {},
            "workload",
            "'render' is no kind",
            "train or infer",
            id="unknown-kind-that-wants-private",
        ),
        pytest.param(
            job(), {"seen": None}, "workload", "nobody looked", "lab seen", id="unseen"
        ),
        pytest.param(
            job(),
            {"seen": Seen(free_gpus=8, at=T0 - timedelta(hours=3))},
            "workload",
            "last looked at 3 h ago, longer than 15 min",
            "lab seen",
            id="seen-long-ago",
        ),
        pytest.param(
            job(),
            {"seen": Seen(free_gpus=8, at=T0 + timedelta(hours=3))},
            "workload",
            "dated 3 h ahead",
            "lab seen",
            id="seen-in-the-future",
        ),
        pytest.param(
            job(gpus=9),
            {},
            "workload",
            "seen with 8 GPUs free, 9 are needed",
            "lab seen",
            id="too-few-seen",
        ),
    ],
)
def test_a_place_is_barred_by_the_first_rule_that_it_breaks(
    a_job, place_fields, rule, detail, change
):
    kept, (exclusion,) = open_places(a_job, [place("lab", **place_fields)], now=T0)
    assert kept == ()
    assert exclusion.place == "lab"
    assert exclusion.rule == rule
    assert detail in exclusion.detail
    assert change in exclusion.change


def test_a_missing_gpu_is_nearer_than_seven():
    one, seven = (
        place(name, free=(Free(start=T0, stop=T0 + HOUR, gpus=n),))
        for name, n in (("one", 7), ("seven", 1))
    )
    _, barred = open_places(job(gpus=8), [seven, one], now=T0)
    assert {e.place: e.lacking for e in barred} == {"one": 1.0, "seven": 7.0}


def test_training_goes_to_private_capacity_while_there_is_some():
    kept, rules = names_and_rules(job(gpus=4), CLOUD, LAB)
    assert kept == ["lab"]
    assert rules == {"cloud": "workload"}


def test_training_goes_to_the_cloud_when_no_private_capacity_is_seen():
    kept, rules = names_and_rules(job(), CLOUD, replace(LAB, seen=None))
    assert kept == ["cloud"]
    assert rules == {"lab": "workload"}


def test_private_capacity_that_may_not_be_used_does_not_keep_training_from_the_cloud():
    cloud = replace(CLOUD, tags=frozenset({"EU"}))
    kept, rules = names_and_rules(job(needs_tags=frozenset({"EU"})), cloud, LAB)
    assert kept == ["cloud"]
    assert rules == {"lab": "residency"}


def test_capacity_counts_as_seen_up_to_the_limit():
    at_the_limit = replace(LAB, seen=Seen(free_gpus=8, at=T0 - SEEN_FOR))
    assert names_and_rules(job(), at_the_limit)[0] == ["lab"]


def test_inference_goes_to_public_endpoints():
    assert names_and_rules(job(workload=INFER), LAB, CLOUD)[0] == ["cloud"]


def test_a_job_that_states_private_needs_no_one_to_have_looked():
    unseen = replace(LAB, seen=None)
    a_job = job(workload=INFER, private=True)
    assert names_and_rules(a_job, unseen, CLOUD)[0] == ["lab"]


def test_an_elastic_job_needs_one_gpu_only():
    small = place("lab", free=(Free(start=T0, stop=T0 + HOUR, gpus=1),))
    a_job = job(gpus=4, scaling=(0.3, 0.6, 0.8, 1.0), interruptible=True)
    assert names_and_rules(a_job, small)[0] == ["lab"]
    # What may not be paused keeps its GPUs.
    assert names_and_rules(replace(a_job, interruptible=False), small)[0] == []


def test_a_job_without_gpus_is_not_barred_by_gpus():
    full = place("lab", free=(Free(start=T0, stop=T0 + HOUR, gpus=0),))
    assert names_and_rules(job(cpus=4.0), full)[0] == ["lab"]


tag_sets = st.frozensets(st.sampled_from(TAGS))


@given(
    needs=tag_sets,
    shuns=tag_sets,
    places=st.lists(st.tuples(tag_sets, st.booleans(), st.booleans()), max_size=6),
    private=st.sampled_from([None, True, False]),
    workload=st.sampled_from([*Workload, "render"]),
)
def test_no_place_that_is_left_ever_breaches_residency(
    needs, shuns, places, private, workload
):
    a_job = job(
        needs_tags=needs - shuns, shuns_tags=shuns, private=private, workload=workload
    )
    made = [
        place(
            f"p{i}",
            tags=tags,
            private=own,
            seen=Seen(free_gpus=8, at=T0) if seen else None,
        )
        for i, (tags, own, seen) in enumerate(places)
    ]
    kept, barred = open_places(a_job, made, now=T0)
    for p in kept:
        assert p.tags >= a_job.needs_tags
        assert not p.tags & a_job.shuns_tags
    assert {p.name for p in kept} | {e.place for e in barred} == {p.name for p in made}
    assert len(kept) + len(barred) == len(made)

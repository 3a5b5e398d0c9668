"""Records of planning refuse what no plan could be made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, nan

import pytest

from greenops.model import (
    Bounded,
    Dataset,
    Free,
    Link,
    Objective,
    Option,
    Pausing,
    Phase,
    Place,
    Plan,
    PlanCost,
    PlannedJob,
    Reason,
    Seen,
    Segment,
    Workload,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def exactly(value):
    return Bounded(central=value, low=value, high=value)


def up_to_inf(value):
    return Bounded(central=value, low=value, high=inf)


JOB = PlannedJob(
    name="j",
    workload=Workload.TRAIN,
    duration_s=exactly(3600.0),
    phases=(Phase(share=0.25, power_w=100.0), Phase(share=0.75, power_w=500.0)),
    home="here",
    earliest=T0,
    deadline=T0 + 24 * HOUR,
)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"duration_s": exactly(0.0)}, "duration", id="no-duration"),
        pytest.param({"duration_s": exactly(inf)}, "duration", id="endless"),
        pytest.param({"phases": ()}, "add up to 1", id="no-power"),
        pytest.param({"phases": (Phase(share=0.5, power_w=1.0),)}, "add up", id="half"),
        pytest.param({"gpus": -1}, "0 or more", id="gpus-below-none"),
        pytest.param({"memory_gib": nan}, "0 or more", id="memory-no-number"),
        pytest.param({"places": frozenset()}, "no place is allowed", id="nowhere"),
        pytest.param(
            {"needs_tags": frozenset({"EU"}), "shuns_tags": frozenset({"EU"})},
            "needs and shuns the same tags: EU",
            id="contradictory-tags",
        ),
        pytest.param({"scaling": (1.0, nan)}, "scaling", id="scaling-no-number"),
        pytest.param({"scaling": (1.0,)}, "reach to `gpus`", id="scaling-of-no-gpu"),
        pytest.param(
            {"scaling": (1.0,), "gpus": 2}, "reach to `gpus`", id="scaling-too-short"
        ),
        pytest.param({"earliest": datetime(2026, 1, 1)}, "aware", id="naive"),  # noqa: DTZ001
    ],
)
def test_a_job_that_cannot_be_is_refused(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(JOB, **change)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(
            lambda: Phase(share=1.0, power_w=nan), "above 0 W", id="nan-power"
        ),
        pytest.param(lambda: Phase(share=0.0, power_w=1.0), "share", id="no-share"),
        pytest.param(lambda: Pausing(resume_s=-1.0), "less than nothing", id="pause"),
        pytest.param(lambda: Pausing(max_pauses=-1), "max_pauses", id="max-pauses"),
        pytest.param(
            lambda: Dataset(name="d", size_gb=nan, at=frozenset({"a"})),
            "size",
            id="nan-gb",
        ),
        pytest.param(
            lambda: Dataset(name="d", size_gb=1.0, at=frozenset()),
            "nowhere",
            id="no-copy",
        ),
        pytest.param(
            lambda: Free(start=T0, stop=T0, gpus=1), "ends before", id="empty"
        ),
        pytest.param(
            lambda: Free(start=T0, stop=T0 + HOUR, gpus=-1), "0 GPUs", id="minus"
        ),
        pytest.param(lambda: Seen(free_gpus=-1, at=T0), "free GPUs", id="seen-minus"),
        pytest.param(
            lambda: Link(to="b", energy_wh_per_gb=exactly(-1.0)),
            "yield",
            id="link-yields",
        ),
        pytest.param(
            lambda: Link(to="b", energy_wh_per_gb=exactly(1.0), gb_per_s=0.0),
            "gb_per_s",
            id="link-still",
        ),
        pytest.param(
            lambda: Place(name="p", zone="DE", pue=exactly(0.9)), "PUE", id="pue"
        ),
        pytest.param(
            lambda: Link(to="b", energy_wh_per_gb=up_to_inf(1.0)),
            "finite energy",
            id="link-endless",
        ),
        pytest.param(
            lambda: Place(name="p", zone="DE", pue=up_to_inf(1.0)),
            "finite",
            id="pue-endless",
        ),
        pytest.param(
            lambda: Place(name="p", zone="DE", embodied_g_per_h=up_to_inf(1.0)),
            "embodied",
            id="embodied-endless",
        ),
        pytest.param(
            lambda: Place(
                name="p",
                zone="DE",
                free=(
                    Free(start=T0 + HOUR, stop=T0 + 3 * HOUR, gpus=1),
                    Free(start=T0, stop=T0 + 2 * HOUR, gpus=1),
                ),
            ),
            "two figures",
            id="capacity-overlaps",
        ),
        pytest.param(
            lambda: Place(name="p", zone="DE", speed=0.0), "speed", id="speed"
        ),
        pytest.param(
            lambda: Place(name="p", zone="DE", idle_w=nan), "idle_w", id="idle"
        ),
        pytest.param(
            lambda: Place(name="p", zone="DE", price_per_h=inf),
            "price_per_h",
            id="price",
        ),
        pytest.param(
            lambda: Objective(price_per_t=0.0), "carbon price", id="free-carbon"
        ),
        pytest.param(
            lambda: Objective(budgets_g={"p": nan}), "budget", id="nan-budget"
        ),
    ],
)
def test_other_records_refuse_what_cannot_be(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


def test_power_is_the_mean_over_the_run():
    assert JOB.power_w == pytest.approx(0.25 * 100.0 + 0.75 * 500.0)


def test_a_plan_tells_what_it_saves_unless_starting_at_once_is_not_known():
    def cost(total_g):
        none = exactly(0.0)
        return PlanCost(
            operational_g=exactly(total_g),
            waiting_g=none,
            transfer_g=none,
            embodied_g=none,
            total_g=exactly(total_g),
            energy_j=exactly(1.0),
        )

    option = Option(
        place="here",
        segments=(
            Segment(start=T0, stop=T0 + HOUR),
            Segment(start=T0 + 2 * HOUR, stop=T0 + 3 * HOUR),
        ),
        cost=cost(60.0),
    )
    plan = Plan(
        job="j",
        made_at=T0,
        chosen=option,
        at_once=cost(100.0),
        reason=Reason(words="", considered=(option,)),
    )

    assert plan.saved_g == pytest.approx(40.0)
    assert replace(plan, at_once=None).saved_g is None
    assert (option.start, option.stop, option.pauses) == (T0, T0 + 3 * HOUR, 1)
    more_gpus = Segment(start=T0 + 3 * HOUR, stop=T0 + 4 * HOUR, gpus=2)
    assert replace(option, segments=(*option.segments, more_gpus)).pauses == 1
    assert option.segments[0].length == HOUR

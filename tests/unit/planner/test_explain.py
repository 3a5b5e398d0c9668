from dataclasses import replace

import pytest

from greenops.model import Exclusion, Free, Objective, Pausing, Phase
from greenops.planner.explain import reason_of, second_best
from greenops.planner.place import best_here, by_weight
from greenops.planner.site import site_of
from tests.unit.planner.scenes import HOUR, T0, exactly, job, place

CARBON = Objective()


def bids(a_job, *places, objective=CARBON):
    sites = (site_of(a_job, p, origin=T0, series=p.forecast) for p in places)
    return by_weight([_bid(s, objective) for s in sites])


def _bid(site, objective):
    return best_here(site, (), objective)


def second(*its_bids):
    return second_best(its_bids)


def reason(a_job, *places, excluded=(), at_once_g=None, objective=CARBON):
    found = bids(a_job, *places, objective=objective)
    at_once = None
    if at_once_g is not None:
        home = place("home", at_once_g)
        at_once = bids(job(), home)[0].option.cost
    return reason_of(a_job, found, excluded, at_once, objective)


def out(name, rule):
    return Exclusion(place=name, rule=rule, detail="d")


def test_the_whole_reason_in_words():
    found = reason(
        job(),
        place("north", 50.0, 40.0, band=0.25),
        place("south", 90.0, 80.0),
        excluded=(
            out("us", "residency"),
            out("lab", "deadline"),
            out("cn", "residency"),
        ),
        at_once_g=500.0,
    )
    assert found.words == (
        "train-x runs at north from Mon 2 Mar 2026 01:00 UTC to Mon 2 Mar 2026 02:00 "
        "UTC: 40 g of CO2e (95 %: 30 g to 50 g). At once at home it would emit 500 g: "
        "this is 460 g or 92.0% less. 2 places weighed by carbon. Second best: there "
        "from Mon 2 Mar 2026 00:00 UTC, 10 g more. Not weighed: lab (deadline); us, cn "
        "(residency)."
    )
    assert [o.place for o in found.considered] == ["north", "south"]
    assert [e.place for e in found.excluded] == ["us", "lab", "cn"]
    assert found.runner_up.cost.total_g.central == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("a_job", "places", "at_once_g", "sentence"),
    [
        pytest.param(
            job(),
            [place("home", 100.0)],
            100.0,
            "At once at home it would emit as much.",
            id="no-saving",
        ),
        pytest.param(
            job(),
            [place("home", 100.0)],
            80.0,
            "At once at home it would emit 80 g: this is 20 g or 25.0% more.",
            id="dirtier-than-home",
        ),
        pytest.param(
            job(),
            [place("home", 100.0)],
            None,
            "Running at once at home is not possible, or not known.",
            id="nothing-to-compare",
        ),
        pytest.param(
            job(),
            [place("home", 100.0)],
            100.0,
            "1 place weighed by carbon. There was no other way.",
            id="no-choice",
        ),
        pytest.param(
            job(),
            [place("home", 100.0), place("other", 130.0)],
            100.0,
            "Second best: at other from Mon 2 Mar 2026 00:00 UTC, 30 g more.",
            id="second-place",
        ),
        pytest.param(
            job(),
            [place("home", 100.0), place("other", 100.0)],
            100.0,
            "Second best: at other from Mon 2 Mar 2026 00:00 UTC, as much.",
            id="tie",
        ),
        pytest.param(
            job(2.0, interruptible=True, pausing=Pausing(max_pauses=1), deadline_h=5.0),
            [place("home", 9.0, 1.0, 9.0, 1.0, 9.0)],
            9.0,
            "to Mon 2 Mar 2026 04:00 UTC, paused once: 2 g",
            id="paused",
        ),
        pytest.param(
            job(
                1.5,
                gpus=2,
                scaling=(0.5, 1.0),
                interruptible=True,
                phases=(Phase(share=1.0, power_w=1000.0),),
                deadline_h=2.0,
            ),
            [
                place(
                    "home",
                    *(9.0, 9.0),
                    free=(
                        Free(start=T0, stop=T0 + HOUR, gpus=1),
                        Free(start=T0 + HOUR, stop=T0 + 2 * HOUR, gpus=2),
                    ),
                )
            ],
            None,
            "to Mon 2 Mar 2026 02:00 UTC, on 1 to 2 GPUs: 13.5 g",
            id="elastic",
        ),
    ],
)
def test_a_sentence_of_the_reason(a_job, places, at_once_g, sentence):
    assert sentence in reason(a_job, *places, at_once_g=at_once_g).words


def test_what_is_not_running_is_told_apart():
    here = place(
        "home",
        *(500.0, 100.0),
        reserved=True,
        idle_w=100.0,
        embodied_g_per_h=exactly(10.0),
    )
    words = reason(job(), here).words
    assert "170 g of CO2e" in words
    assert (
        "Of this 50 g for hardware that waits, 20 g for making the hardware." in words
    )


def test_money_that_was_weighed_is_told():
    cheap = place("cheap", 200.0, price_per_h=1.0)
    green = place("green", 100.0, price_per_h=3.0)
    words = reason(
        job(), cheap, green, at_once_g=100.0, objective=Objective(price_per_t=100.0)
    ).words
    assert "weighed by carbon and by money at 100 per tonne; it costs 1.00." in words
    assert "Second best: at green from Mon 2 Mar 2026 00:00 UTC, 100 g less." in words


def test_the_second_best_is_the_lightest_of_all_that_is_left():
    first, other = bids(job(), place("a", 50.0, 40.0), place("b", 45.0, 60.0))
    assert first.second()[1] == pytest.approx(50.0)
    assert second(first, other).place == "b"
    assert second(first, replace(other, weight_g=51.0)).place == "a"
    assert second(replace(first, second=lambda: None)) is None

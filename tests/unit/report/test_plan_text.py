from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from greenops.model import Bounded
from greenops.report.plan_facts import Came, saved
from greenops.report.plan_text import Said
from tests.unit.report.forecasts import HOUR, MONDAY
from tests.unit.report.plans import MOVED, about, cost, job, option, plan, segment

SAID = Said(UTC)


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (MONDAY + 2 * HOUR, "Mon 02 Mar 00:00-02:00"),
        (MONDAY + 26 * HOUR, "Mon 02 Mar 00:00 - Tue 03 Mar 02:00"),
    ],
)
def test_a_span_names_the_day_again_where_it_is_another(stop, said):
    assert SAID.span(MONDAY, stop) == said


def test_a_span_over_a_change_of_clocks_names_both_ends_whole():
    berlin = Said(ZoneInfo("Europe/Berlin"))
    start = MONDAY + timedelta(days=27)  # the night of 29 March 2026

    assert "-" in berlin.span(start, start + 2 * HOUR)
    assert berlin.span(start, start + 2 * HOUR).count("Sun 29 Mar") == 2


def test_a_job_of_exact_duration_has_no_interval():
    exact = job(duration_s=Bounded(central=3600.0, low=3600.0, high=3600.0))

    assert SAID.job(exact) == "pretrain: train, 1 h 00 min, by Wed 04 Mar 00:00"
    assert "(5 h 00 min to 8 h 00 min)" in SAID.job(job())


def test_a_soft_deadline_is_a_wish():
    assert "preferably by" in SAID.job(job(hard=False, late_g_per_h=3.0))


def test_stretches_are_listed_with_their_pauses():
    two = option("lab", 1.0, segment(0, 2), segment(5, 1))

    assert (
        SAID.when(two, job())
        == "Mon 02 Mar 00:00-02:00; Mon 02 Mar 05:00-06:00 (1 pause)"
    )


def test_many_stretches_are_cut_and_counted():
    many = option("lab", 1.0, *(segment(2 * i, 1) for i in range(12)))

    assert "6 more, done Mon 02 Mar 23:00 (11 pauses)" in SAID.when(many, job())


def test_other_numbers_of_gpus_than_the_job_states_are_said():
    elastic = option("lab", 1.0, segment(0, 2, gpus=1), segment(2, 1, gpus=4))

    said = SAID.when(elastic, job(gpus=4, scaling=(0.3, 0.5, 0.8, 1.0)))

    assert "00:00-02:00 on 1 GPU;" in said
    assert "on 4 GPUs" in said
    assert "GPU" not in SAID.when(
        option("lab", 1.0, segment(0, 2, gpus=4)), job(gpus=4)
    )


def test_parts_too_small_to_matter_are_left_out():
    assert SAID.parts(cost(100.0)) == "90.0 g running, 10.0 g embodied"
    assert SAID.parts(cost(100.0, embodied_g=about(0.1))) == ""


@pytest.mark.parametrize(
    ("chosen_g", "said"),
    [
        (1500.0, "500 g (25 %) of 2.00 kg at once at lab"),
        (2000.0, "nothing of 2.00 kg at once at lab"),
        (2200.0, "nothing: 200 g (10 %) above 2.00 kg at once at lab"),
    ],
)
def test_what_is_saved_is_never_said_to_be_less_than_nothing(chosen_g, said):
    assert SAID.saves(plan(chosen=option("cloud", chosen_g)), job()) == said


def test_without_a_figure_for_home_nothing_is_claimed():
    assert SAID.saves(plan(at_once=None), job()).startswith("not known")


def test_nothing_is_a_share_of_nothing():
    assert saved(cost(0.0), 0.0) is None
    assert SAID.saves(plan(at_once=cost(0.0)), job()).startswith("nothing of 0")


def test_a_replay_says_what_came_and_how_much_could_have_been_saved():
    came = Came(
        chosen=cost(1300.0), at_once=cost(2000.0), oracle=option("cloud", 1000.0)
    )

    assert SAID.came(came, job()) == (
        "1.30 kg; saved 700 g (35 %) of 2.00 kg at once at lab, "
        "which is 70 % of what could be saved"
    )


@pytest.mark.parametrize(
    "came",
    [
        Came(chosen=cost(1300.0)),
        Came(chosen=cost(1300.0), oracle=option("lab", 1.0)),
        Came(chosen=cost(1.0), at_once=cost(1.0), oracle=option("lab", 1.0)),
    ],
    ids=["nothing known", "no home", "nothing to save"],
)
def test_without_savings_to_be_had_there_is_no_share_of_them(came):
    assert came.of_oracle is None
    assert "could be saved" not in SAID.came(came, job())


def test_a_plan_that_came_out_worse_says_so():
    came = Came(chosen=cost(2400.0), at_once=cost(2000.0), oracle=option("lab", 1000.0))

    assert "400 g (20 %) above" in SAID.came(came, job())
    assert "-40 % of what could be saved" in SAID.came(came, job())


def test_moved_data_names_its_way():
    said = Said(UTC, arrow=">").transfer(MOVED)

    assert said == "corpus, 150 GB, lab > hub > cloud: 1.20 kg, 5 min 00 s"

from greenops.trials.judge import Judgement, Verdict
from greenops.trials.outcome import Outcome


def outcome(verdict=Verdict.SAVES, *, payback=40, left=None, **more):
    found = Judgement(
        quads=12, ratio=0.9, low=0.88, high=0.92, p_value=0.001, verdict=verdict
    )
    return Outcome(
        change="bf16",
        judgement=found,
        spent_j=12.0,
        payback_steps=payback,
        steps_left=left,
        **more,
    )


def test_what_was_not_measured_says_so_and_why():
    failed = Outcome(change="bf16", failed="out of memory")
    assert failed.sentence() == "bf16: not measured here: out of memory"
    assert not failed.saves


def test_a_saving_is_told_with_its_interval_cost_and_pay_back():
    said = outcome().sentence()
    assert "0.900 (0.880 to 0.920)" in said
    assert "12 J" in said
    assert "40 steps" in said
    assert outcome().saves


def test_a_saving_that_comes_after_the_end_of_the_run_is_withheld():
    late = outcome(left=30)
    assert not late.saves
    assert "only 30 are left" in late.sentence()


def test_no_saving_is_none():
    assert not outcome(Verdict.SAVES_NOTHING).saves
    assert not outcome(Verdict.UNDECIDED, stopped="the budget is used up").saves

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from greenops.ports import Risk  # noqa: E402
from greenops.torch import Advisor  # noqa: E402
from greenops.torch.guard import Guard  # noqa: E402
from tests.unit.torch import nets  # noqa: E402
from tests.unit.torch.counted import Booked, CountedMeter, Factor  # noqa: E402
from tests.unit.torch.test_micro_trial import step  # noqa: E402


class Unfit(Factor):
    def why_not(self, _):
        return "there is nothing to change"


def advisor(*changes, **options):
    meter = CountedMeter()
    return Advisor(
        nets.training(),
        step=Booked(meter, step),
        meter=meter,
        changes=changes,
        **options,
    )


def test_only_what_was_shown_to_save_is_suggested_the_best_first():
    asked = advisor(Factor(0.9), Factor(1.0), Unfit(0.1), Factor(0.5))
    assert [o.change for o in asked.advise(nets.batches())] == ["x0.5", "x0.9"]
    reasons = {o.change: o.sentence() for o in asked.outcomes}
    assert "nothing to change" in reasons["x0.1"]
    assert "saves nothing" in reasons["x1.0"]


def test_all_trials_together_stay_within_the_share():
    asked = advisor(Factor(0.9), Factor(0.8), steps_left=20_000)
    asked.advise(nets.batches())
    assert sum(o.spent_j for o in asked.outcomes) <= 0.01 * 20_000 * 1.05
    short = advisor(Factor(0.9), Factor(0.8), steps_left=1000)
    assert short.advise(nets.batches()) == []
    assert all("allows no decision" in o.failed for o in short.outcomes)


def test_a_risky_change_is_not_applied_without_a_guard():
    risky = Factor(0.5)
    risky.risk = Risk.GUARDED
    asked = advisor(risky)
    with pytest.raises(ValueError, match="losses"):
        asked.apply("x0.5")
    with pytest.raises(ValueError, match=r"there are: x0.5"):
        asked.apply("x0.6")
    assert isinstance(asked.apply("x0.5", losses=[1.0] * 30), Guard)


def test_a_change_without_risk_may_do_without_a_guard():
    asked = advisor(Factor(0.5))
    assert asked.apply("x0.5") is None
    assert asked._training.model.factor == 0.5


def test_installed_measures_are_found_and_broken_ones_reported(monkeypatch):
    found = Advisor(nets.training(), loss=nets.loss)
    assert {"bf16", "channels_last", "compile", "fused"} <= {
        change.name for change in found.changes
    }

    class Broken:
        name, value = "broken", "nowhere:Nothing"

        def load(self):
            raise ImportError("no module named nowhere")

    monkeypatch.setattr("greenops.torch.advisor.entry_points", lambda **_: [Broken()])
    asked = Advisor(nets.training(), loss=nets.loss)
    assert asked.changes == []
    assert "broken (nowhere:Nothing): ImportError" in asked.problems[0]

import itertools
import random
import types
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from greenops.torch import trial  # noqa: E402
from greenops.torch.training import Training  # noqa: E402
from greenops.trials.budget import Budget  # noqa: E402
from greenops.trials.judge import Looks, Verdict  # noqa: E402
from tests.unit.torch import nets  # noqa: E402
from tests.unit.torch.counted import Booked, CountedMeter, Factor  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def step(work, batch):
    (optimizer,) = work.optimizers
    optimizer.zero_grad()
    value = nets.loss(work.model, batch)
    value.backward()
    optimizer.step()
    return value


def tried(change, work=None, *, meter=None, booked=step, noise=0.01, **options):
    meter = meter or CountedMeter()
    return trial(
        work or nets.training(),
        change,
        batches=nets.batches(),
        step=Booked(meter, booked, noise=noise),
        meter=meter,
        seed=1,
        **options,
    )


def all_randomness():
    numpy_state: Any = np.random.get_state()
    return [
        torch.tensor(random.getstate()[1]),
        torch.as_tensor(numpy_state[1].astype("int64")),
        torch.get_rng_state(),
    ]


def raising(error):
    def touch(training):
        def hook(*_):
            raise error

        training.model.register_forward_hook(hook)

    return touch


def spoil(training):
    with torch.no_grad():
        for parameter in training.model.parameters():
            parameter.fill_(float("nan"))


FAILURES = {
    "step raises": (Factor(1.0, touch=raising(RuntimeError("boom"))), "boom"),
    "out of memory": (
        Factor(1.0, touch=raising(torch.OutOfMemoryError("tried to allocate 9 GiB"))),
        "OutOfMemoryError",
    ),
    "no memory on the host": (Factor(1.0, touch=raising(MemoryError())), "MemoryError"),
    "loss not a number": (Factor(1.0, touch=spoil), "candidate's loss became nan"),
    "change raises": (Factor(1.0, touch=lambda _: 1 / 0), "ZeroDivisionError"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_trial_that_fails_says_why_and_leaves_the_training_as_it_was(failure):
    change, why = FAILURES[failure]
    work = nets.training()
    nets.run(work, 1)
    before, drawn = nets.bits(work), all_randomness()
    outcome = tried(change, work)
    assert why in outcome.failed
    assert outcome.judgement is None
    assert not outcome.saves
    assert nets.same(nets.bits(work), before)
    assert nets.same(all_randomness(), drawn)


def test_an_interrupt_goes_through_and_leaves_the_training_as_it_was():
    work = nets.training()
    before, drawn = nets.bits(work), all_randomness()
    with pytest.raises(KeyboardInterrupt):
        tried(Factor(1.0, touch=raising(KeyboardInterrupt())), work)
    assert nets.same(nets.bits(work), before)
    assert nets.same(all_randomness(), drawn)


def test_a_meter_that_fails_is_no_zero():
    outcome = tried(Factor(0.5), meter=CountedMeter(fails_at=20))
    assert outcome.failed == "the counter was reset"


def test_a_meter_that_never_moves_ends_the_trial():
    outcome = trial(
        nets.training(),
        Factor(0.5),
        batches=nets.batches(),
        step=step,
        meter=CountedMeter(),
    )
    assert "do not move the meter" in outcome.failed


def test_a_step_that_trains_something_else_is_found_out_and_undone():
    work = nets.training()
    before = nets.bits(work)
    outcome = tried(Factor(0.5), work, booked=lambda _, batch: step(work, batch))
    assert "another model" in outcome.failed
    assert nets.same(nets.bits(work), before)


def test_a_training_that_is_broken_already_allows_no_conclusion():
    work = nets.training()
    spoil(work)
    assert "training's own loss" in tried(Factor(0.5), work).failed


class Uncopyable(nn.Linear):
    def __deepcopy__(self, memo):
        raise TypeError("there can be only one")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Uncopyable(6, 11), "only one"),
        (
            lambda: prune.l1_unstructured(nn.Linear(6, 11), "weight", 0.5),
            "copied",
        ),
        (lambda: nn.LazyLinear(11), "no shape yet"),
        (lambda: _compiled_in_place(nn.Linear(6, 11)), "compiled in place"),
        (lambda: _with(nn.Linear(6, 11), "feed", iter(())), "model.feed"),
    ],
    ids=["refuses", "pruned by masks", "lazy", "compiled in place", "iterator"],
)
def test_a_model_that_cannot_be_copied_is_refused_before_any_step(make, why):
    def never(*_):
        pytest.fail("a step was run")

    work = Training(model=make(), optimizers=())
    drawn = all_randomness()
    outcome = tried(Factor(0.5), work, booked=never)
    assert why in outcome.failed
    assert nets.same(all_randomness(), drawn)


def _compiled_in_place(net):
    net.compile(backend="eager")
    return net


def _with(net, name, value):
    setattr(net, name, value)
    return net


@pytest.mark.parametrize(
    "wrong",
    [{}, {"loss": nets.loss, "step": step}, {"loss": nets.loss, "batches": []}],
    ids=["neither", "both", "no batches"],
)
def test_a_misuse_is_told_at_once(wrong):
    options = {"batches": nets.batches(), **wrong}
    with pytest.raises(ValueError, match="hand in"):
        trial(nets.training(), Factor(0.5), **options)


@pytest.mark.parametrize(
    ("model", "optimizer"), [*[(m, "adam") for m in nets.MODELS], ("mlp", "lbfgs")]
)
def test_the_training_goes_on_as_if_there_had_been_no_trial(model, optimizer):
    bare = nets.training(model, optimizer)
    nets.run(bare, 1)
    expected = nets.run(bare)

    def whole(training, batch):
        (chosen,) = training.optimizers

        def closure():
            chosen.zero_grad()
            value = nets.loss(training.model, batch)
            value.backward()
            return value

        return chosen.step(closure)

    watched = nets.training(model, optimizer)
    nets.run(watched, 1)
    outcome = tried(Factor(0.5), watched, booked=whole)
    assert outcome.judgement is not None, outcome.failed
    assert nets.same(nets.run(watched), expected)


def test_a_saving_is_found_with_its_cost_and_pay_back():
    outcome = tried(Factor(0.9, first_j=30.0), budget=Budget(steps_left=100_000))
    assert outcome.saves
    assert outcome.judgement.low <= 0.9 <= outcome.judgement.high
    assert outcome.budget_j == pytest.approx(1000.0, rel=0.05)
    assert outcome.setup_j == pytest.approx(30.0, rel=0.05)
    assert outcome.base_j_per_sample == pytest.approx(1 / 8, rel=0.05)
    assert outcome.steps == 52, "decided at the first look: 12 quads and the warm-up"
    assert outcome.spent_j == pytest.approx(26 + 26 * 0.9 + 30, rel=0.05)
    owed_j = outcome.spent_j + outcome.setup_j
    assert outcome.payback_steps == pytest.approx(owed_j / 0.1, rel=0.1)


def test_a_saving_is_withheld_from_a_run_that_ends_before_it_is_paid_back():
    outcome = tried(
        Factor(0.9, first_j=300.0),
        budget=Budget(steps_left=2000, share=0.9),
    )
    assert outcome.judgement.verdict is Verdict.SAVES
    assert not outcome.saves


def test_a_trial_that_cannot_be_afforded_ends_after_its_warm_up():
    outcome = tried(Factor(0.9), budget=Budget(expected_j=100.0))
    assert "allows no decision" in outcome.failed
    assert outcome.steps == 4
    assert outcome.spent_j == pytest.approx(4.0, rel=0.1)


def test_a_trial_stops_where_its_next_look_cannot_be_afforded():
    outcome = tried(Factor(0.97), noise=0.2, budget=Budget(expected_j=6500.0))
    assert outcome.judgement.verdict is Verdict.UNDECIDED
    assert outcome.stopped == "the budget is used up"
    assert outcome.spent_j <= 65.0 * 1.1


def test_a_change_that_does_nothing_is_hardly_ever_found_to_save():
    found = 0
    for seed in range(20):  # the order of the blocks and the noise are drawn by it
        meter = CountedMeter()
        outcome = trial(
            nets.training(scheduler=False),
            Factor(1.0),
            batches=nets.batches(),
            step=Booked(meter, step, noise=0.05, seed=seed),
            meter=meter,
            looks=Looks(at=(12,)),
            seed=seed,
        )
        found += outcome.saves
    assert found <= 1


def test_the_usual_step_is_made_from_a_loss_and_steps_every_optimizer():
    net = nets.mlp()
    pair = [
        torch.optim.SGD(net[0].parameters(), 0.1),
        torch.optim.SGD(net[3].parameters(), 0.1),
    ]
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    work = Training(model=net, optimizers=pair, scaler=scaler)
    meter = CountedMeter()

    def loss(model, batch):
        meter.total_j += 1.0
        return nets.loss(model, batch)

    outcome = trial(work, Factor(1.0), batches=nets.batches(), loss=loss, meter=meter)
    assert outcome.judgement is not None
    assert outcome.judgement.verdict is Verdict.SAVES_NOTHING
    assert outcome.base_loss == outcome.candidate_loss


def test_steps_of_copies_bear_a_mark_and_those_of_the_training_none():
    seen: list[bool] = []

    def marked(training, batch):
        seen.extend(getattr(o, "greenops_clone", False) for o in training.optimizers)
        return step(training, batch)

    work = nets.training()
    tried(Factor(0.5), work, booked=marked)
    assert all(seen)
    assert not hasattr(work.optimizers[0], "greenops_clone")


def test_blocks_are_as_long_as_the_meter_needs(monkeypatch):
    ticks = itertools.count()
    clock = types.SimpleNamespace(perf_counter=lambda: next(ticks) / 1024)
    monkeypatch.setattr("greenops.torch.blocks.time", clock)
    meter = CountedMeter()
    meter.resolves_s = 0.5 / 1024
    outcome = tried(Factor(0.5), meter=meter)
    assert outcome.steps == 4 + 12 * 4 * 5, "blocks of ten periods are five steps"

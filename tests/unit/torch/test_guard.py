import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

from greenops.torch.guard import Guard, GuardState  # noqa: E402
from greenops.torch.training import Training  # noqa: E402
from tests.unit.torch import nets  # noqa: E402

WINDOW = 25


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Run:
    """A small regression that learns, step by step, with noise in every batch."""

    def __init__(self, seed=0):
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-2)
        self.training = Training(model=self.model, optimizers=[self.optimizer])
        self.truth = torch.randn(8, 4)
        self.spoil = lambda x, y: (x, y)

    def step(self):
        x = torch.randn(32, 8)
        y = x @ self.truth + 0.5 * torch.randn(32, 4)
        x, y = self.spoil(x, y)
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.model(x).float(), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def steps(self, count):
        return [float(self.step().detach()) for _ in range(count)]


def fast(run):
    rate = run.optimizer.param_groups[0]["lr"]
    run.optimizer.param_groups[0]["lr"] = 50 * rate

    def undo():
        run.optimizer.param_groups[0]["lr"] = rate

    return undo


def broken_loader(run):
    whole, run.spoil = run.spoil, lambda x, y: (x, y[torch.randperm(len(y))])

    def undo():
        run.spoil = whole

    return undo


def bad_cast(run):
    """Cast the weights to whole numbers and back, as a wrong quantisation does."""
    with torch.no_grad():
        for parameter in run.model.parameters():
            parameter.copy_(parameter.to(torch.int8))
    hook = run.model.register_forward_pre_hook(
        lambda _, x: (x[0].to(torch.int8).float(),)
    )
    return hook.remove


def overflow(run):
    hook = run.model.register_forward_hook(lambda _m, _x, y: y * float("inf"))
    return hook.remove


def watched(run, guard, steps):
    for i in range(steps):
        reverted = guard.observe(run.step())
        if reverted is not None:
            return i + 1, reverted
    return None


@pytest.mark.parametrize("damage", [fast, broken_loader, bad_cast, overflow])
@pytest.mark.parametrize("seed", range(3))
def test_damage_is_reverted_within_one_window(damage, seed):
    run = Run(seed)
    losses = run.steps(200)
    before = nets.bits(run.training)
    guard = Guard(run.training, losses[-100:], window=WINDOW)
    guard.undo_with(damage(run))
    found = watched(run, guard, WINDOW)
    assert found is not None
    steps, reverted = found
    assert guard.state is GuardState.REVERTED
    assert reverted.step <= reverted.steps_lost == steps
    assert nets.same(nets.bits(run.training), before)
    after = run.steps(50)
    assert sum(after) / 50 < 1.5 * sum(losses[-50:]) / 50, "it goes on as before"


def test_without_damage_the_change_is_kept_and_watched_no_more():
    for seed in range(5):
        run = Run(seed)
        guard = Guard(run.training, run.steps(100), window=WINDOW, probation=100)
        assert watched(run, guard, 100) is None
        assert guard.state is GuardState.KEPT
        assert guard.observe(float("nan")) is None


def test_a_metric_that_should_rise_is_guarded_the_other_way_round():
    run = Run()
    guard = Guard(run.training, [0.9, 0.91] * 20, higher_is_better=True)
    assert guard.observe(0.95) is None
    values = [guard.observe(0.3) for _ in range(WINDOW)]
    assert any(values)


def test_what_cannot_be_predicted_is_not_guarded():
    with pytest.raises(ValueError, match="trajectory"):
        Guard(Run().training, [1.0] * 5)
    with pytest.raises(ValueError, match="window"):
        Guard(Run().training, [1.0] * 50, window=0)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_snapshot_is_renewed_only_with_an_undo_and_within_its_cost():
    for undo, lost in ((None, 60), (lambda: None, 10)):
        clock = Clock()
        run = Run()
        guard = Guard(
            run.training, run.steps(100), undo=undo, window=10, clock=clock,
            tolerance=1.0,
        )  # fmt: skip
        for _ in range(50):
            clock.now += 1.0
            assert guard.observe(0.0) is None
        reverted = None
        for _ in range(9):
            guard.observe(0.0)
        reverted = guard.observe(float("nan"))
        assert reverted is not None
        assert reverted.steps_lost == lost


def test_a_change_in_a_renewed_snapshot_is_undone_after_it_is_put_back():
    run = Run()
    losses = run.steps(100)
    guard = Guard(run.training, losses, window=5, tolerance=1.0, clock=Clock())
    handle = run.model.register_forward_hook(lambda *_: None)
    guard.undo_with(handle.remove)
    watched(run, guard, 5)
    assert guard.observe(float("nan")) is not None
    assert not run.model._forward_hooks

from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

from greenops.ports import Risk, TrainingChange  # noqa: E402
from greenops.torch.advisor import ADVICE  # noqa: E402
from greenops.torch.clone import clone  # noqa: E402
from greenops.torch.measures.autocast import Bf16Autocast  # noqa: E402
from greenops.torch.measures.channels_last import ChannelsLast  # noqa: E402
from greenops.torch.measures.compiled import Compile  # noqa: E402
from greenops.torch.measures.fused import FusedOptimizer  # noqa: E402
from greenops.torch.training import Training  # noqa: E402
from tests.unit.torch import nets  # noqa: E402

CHANGES: dict[str, tuple[TrainingChange, str]] = {
    "bf16": (Bf16Autocast(), "conv"),
    "channels_last": (ChannelsLast(), "conv"),
    "compile": (Compile(backend="eager"), "mlp"),
    "fused": (FusedOptimizer(), "mlp"),
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


WHY_NOT: dict[str, tuple[TrainingChange, Callable[[], Training], str]] = {
    "double precision": (Bf16Autocast(), lambda: nets.training("double"), "float64"),
    "no convolutions": (ChannelsLast(), lambda: nets.training("mlp"), "no 2-d"),
    "that layout already": (
        ChannelsLast(), lambda: nets.training("channels last"), "already",
    ),
    "compiled already": (Compile(), lambda: nets.training("compiled"), "already"),
    "no fused kernel": (
        FusedOptimizer(), lambda: nets.training("mlp", "lbfgs"), "LBFGS has no fused",
    ),
    "fused already": (
        FusedOptimizer(), lambda: nets.training("mlp", "adamw fused"), "already",
    ),
    "no optimizer": (FusedOptimizer(), lambda: Training(model=nets.mlp()), "no optim"),
}  # fmt: skip


@pytest.mark.parametrize("case", WHY_NOT)
def test_a_change_that_cannot_help_says_why(case):
    change, make, why = WHY_NOT[case]
    assert why in (change.why_not(make()) or "")


def test_autocast_that_is_on_is_not_offered_again():
    with torch.autocast("cpu"):
        assert "already" in (Bf16Autocast().why_not(nets.training()) or "")


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_installed_under_its_name_and_speaks(name):
    (point,) = entry_points(group=ADVICE, name=name)
    change = point.load()()
    assert change.name == name
    assert change.says
    assert change.risk in Risk


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("warm", [0, 2], ids=["fresh", "under way"])
def test_a_change_applied_and_taken_back_leaves_the_training_as_it_was(name, warm):
    change, model = CHANGES[name]
    bare, changed = (nets.training(model) for _ in range(2))
    for work in (bare, changed):
        torch.manual_seed(1)
        nets.run(work, warm)
    assert change.why_not(changed) is None
    undo = change.apply(changed)
    undo()
    ends = []
    for work in (bare, changed):
        torch.manual_seed(2)
        ends.append(nets.run(work))
    assert nets.same(*ends)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("warm", [0, 2], ids=["fresh", "under way"])
def test_a_training_goes_on_with_a_change_to_nearly_the_same_end(name, warm):
    change, model = CHANGES[name]
    ends = []
    for apply in (lambda _: None, change.apply):
        work = nets.training(model)
        torch.manual_seed(1)
        nets.run(work, warm)
        apply(work)
        nets.run(work, 4)
        ends.append([p.detach().clone() for p in work.model.parameters()])
    tolerance = 0.1 if change.risk is Risk.GUARDED else 1e-4
    for one, other in zip(*ends, strict=True):
        torch.testing.assert_close(one, other, atol=tolerance, rtol=tolerance)


def test_bfloat16_is_used_inside_and_float32_handed_out():
    work = nets.training("mlp")
    seen = []
    work.model[0].register_forward_hook(lambda _m, _x, y: seen.append(y.dtype))
    Bf16Autocast().apply(work)
    assert work.model(torch.randn(2, 6)).dtype is torch.float32
    assert seen == [torch.bfloat16]
    assert not torch.is_autocast_enabled("cpu")


def test_autocast_ends_when_the_model_raises():
    work = nets.training("mlp")
    Bf16Autocast().apply(work)
    with pytest.raises(RuntimeError, match="shapes"):
        work.model(torch.randn(2, 5))
    assert not torch.is_autocast_enabled("cpu")


def test_every_kind_of_output_is_handed_out_in_full_precision():
    class Many(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Linear(6, 2)

        def forward(self, x):
            y = self.body(x)
            return {"logits": y, "rest": (y, [y, None])}

    work = Training(model=Many())
    Bf16Autocast().apply(work)
    out = work.model(torch.randn(1, 6))
    assert out["logits"].dtype is out["rest"][0].dtype is torch.float32
    assert out["rest"][1][0].dtype is torch.float32


def test_a_copy_of_a_changed_training_runs_on_its_own():
    work = nets.training("conv")
    Bf16Autocast().apply(work)
    twin = clone(work)
    before = nets.bits(work)
    nets.run(twin)
    assert nets.same(nets.bits(work), before)


def test_layouts_are_changed_in_weights_and_in_what_optimizers_keep():
    work = nets.training("conv", "momentum")
    nets.run(work, 1)
    ChannelsLast().apply(work)
    weight = work.model[1].weight
    state = work.optimizers[0].state[weight]["momentum_buffer"]
    for tensor in (weight, weight.grad, state):
        assert tensor.is_contiguous(memory_format=torch.channels_last)

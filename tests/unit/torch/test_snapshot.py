import random
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402

from greenops.errors import SnapshotRefusedError  # noqa: E402
from greenops.torch.held import Holder  # noqa: E402
from greenops.torch.snapshot import Snapshot  # noqa: E402
from greenops.torch.surroundings import RandomStates, Surroundings  # noqa: E402
from greenops.torch.training import Training  # noqa: E402
from tests.unit.torch import nets  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("model", "optimizer"), nets.PAIRS)
@pytest.mark.parametrize("warm", [0, 2], ids=["fresh", "under way"])
def test_a_training_put_back_goes_on_bit_for_bit(model, optimizer, warm):
    work = nets.training(model, optimizer)
    nets.run(work, warm)
    at_start = nets.bits(work)
    taken = Snapshot(work)
    first = nets.run(work)
    taken.put_back()
    assert nets.same(nets.bits(work), at_start)
    assert nets.same(nets.run(work), first)
    taken.put_back()
    assert nets.same(nets.run(work), first), "a snapshot serves more than once"
    assert not nets.same(first, at_start), "the steps changed nothing: no test at all"


def test_at_least_twenty_pairs_are_put_back():
    assert len(nets.PAIRS) >= 20


def left_out(monkeypatch, wanted):
    """Hold nothing for which `wanted(value, path)`."""
    hold = Holder.hold

    def some(self, value, path):
        if not wanted(value, path):
            hold(self, value, path)

    monkeypatch.setattr(Holder, "hold", some)


def is_state(value, path):
    return isinstance(value, torch.Tensor) and ".state[" in path


def at(*ends):
    """Return what finds values by the end of their path."""
    return lambda _, path: path.endswith(ends)


INGREDIENTS = {
    "parameters": ("mlp", "sgd", lambda value, _: isinstance(value, nn.Parameter)),
    "buffers": ("conv", "sgd", at("running_mean", "running_var")),
    "non-persistent buffers": ("counting", "sgd", at("seen")),
    "plain attributes": ("counting", "sgd", at("model")),
    "lists in modules": ("counting", "sgd", at("history")),
    "own generators": ("counting", "sgd", at("own")),
    "optimizer": ("mlp", "adam", at("optimizers")),
    "deep optimizer state": ("mlp", "momentum", is_state),
    "scheduler": ("mlp", "sgd", at("schedulers")),
}


@pytest.mark.parametrize("ingredient", INGREDIENTS)
def test_leaving_out_any_ingredient_breaks_it(ingredient, monkeypatch):
    model, optimizer, wanted = INGREDIENTS[ingredient]
    # a scheduler leads to its optimizer, which would be held all the same
    work = nets.training(model, optimizer, scheduler=ingredient == "scheduler")
    nets.run(work, 1)
    left_out(monkeypatch, wanted)
    taken = Snapshot(work)
    first = nets.run(work)
    taken.put_back()
    assert not nets.same(nets.run(work), first)


def test_leaving_out_the_surroundings_breaks_it(monkeypatch):
    work = nets.training("mlp", "sgd")
    monkeypatch.setattr(Surroundings, "put_back", lambda _: None)
    taken = Snapshot(work)
    first = nets.run(work)
    taken.put_back()
    assert not nets.same(nets.run(work), first)


@pytest.mark.parametrize(
    "draw",
    [random.random, lambda: float(np.random.rand()), lambda: float(torch.rand(()))],
    ids=["python", "numpy", "torch"],
)
def test_each_generator_of_the_process_is_put_back(draw):
    states = RandomStates()
    first = draw()
    states.put_back()
    assert draw() == first


def test_switches_are_put_back():
    work = nets.training()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        taken = Snapshot(work)
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    taken.put_back()
    try:
        assert torch.is_autocast_enabled("cpu"), "it was on when the snapshot was taken"
        assert torch.get_num_threads() == threads
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_autocast_enabled("cpu", False)


def test_structure_layout_flags_and_modes_are_put_back():
    work = nets.training("conv", "momentum")
    nets.run(work, 1)
    net = work.model
    first, weight, grad = net[1], net[1].weight, net[1].weight.grad
    taken = Snapshot(work)
    bits = nets.bits(work)
    net.to(memory_format=torch.channels_last)
    net[1] = nn.Identity()
    net[2].eval()
    net[2].extra = "left behind"
    weight.requires_grad_(requires_grad=False)
    weight.grad = None
    net.register_forward_hook(lambda *_: None)
    taken.put_back()
    assert net[1] is first
    assert first.weight is weight
    assert weight.grad is grad
    assert weight.requires_grad
    assert weight.is_contiguous()
    assert net[2].training
    assert not hasattr(net[2], "extra")
    assert not net._forward_hooks
    assert nets.same(nets.bits(work), bits)


def test_tied_weights_stay_tied():
    work = nets.training("tied")
    taken = Snapshot(work)
    work.model.head.weight = nn.Parameter(torch.zeros(11, 8))
    taken.put_back()
    assert work.model.head.weight is work.model.embed.weight


def test_a_parametrisation_taken_off_is_put_on_again():
    work = nets.training("normed")
    taken = Snapshot(work)
    first = nets.run(work)
    taken.put_back()
    nn.utils.parametrize.remove_parametrizations(work.model[2], "weight")
    taken.put_back()
    assert nets.same(nets.run(work), first)


def test_several_optimizers_and_a_scaler_are_put_back():
    net = nets.mlp()
    pair = [torch.optim.Adam(net[0].parameters()), torch.optim.SGD(net[3].parameters())]
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1)
    work = Training(model=net, optimizers=pair, scaler=scaler)

    def train():
        for batch in nets.batches(2):
            scaler.scale(nets.loss(net, batch)).backward()
            for optimizer in pair:
                scaler.step(optimizer)
            scaler.update()
        return [*nets.bits(work), torch.tensor(scaler.get_scale())]

    train()
    taken = Snapshot(work)
    first = train()
    taken.put_back()
    assert nets.same(train(), first)


def test_a_graph_under_way_runs_backward_after_it():
    work = nets.training()
    value = nets.loss(work.model, nets.batches(1)[0])
    Snapshot(work).put_back()
    value.backward()


def test_the_position_of_a_loader_is_put_back():
    class Loader:
        at = 3

        def state_dict(self):
            return {"at": self.at}

        def load_state_dict(self, state):
            self.at = state["at"]

    loader = Loader()
    taken = Snapshot(Training(model=nets.mlp(), loader=loader))
    loader.at = 7
    taken.put_back()
    assert loader.at == 3


def test_a_loader_that_shuffles_by_a_generator_shuffles_the_same_again():
    generator = torch.Generator().manual_seed(1)
    loader = torch.utils.data.DataLoader(range(20), shuffle=True, generator=generator)
    taken = Snapshot(Training(model=nets.mlp(), loader=loader))
    first = [int(x) for x in loader]
    taken.put_back()
    assert [int(x) for x in loader] == first


@pytest.mark.parametrize(
    ("attach", "where"),
    [
        (lambda net: setattr(net[0], "lock", threading.Lock()), "model.*lock"),
        (lambda net: setattr(net, "open", iter([1, 2])), "model.open"),
        (lambda net: net.append(nn.LazyLinear(3)), "first"),
    ],
    ids=["lock", "iterator", "no shape yet"],
)
def test_what_cannot_be_held_is_refused_by_name_and_left_alone(attach, where):
    work = nets.training()
    attach(work.model)
    state = torch.get_rng_state()
    with pytest.raises(SnapshotRefusedError, match=where):
        Snapshot(work)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_compiled_module_keeps_its_graph():
    work = nets.training("compiled")
    nets.run(work, 1)
    graph = work.model.dynamo_ctx
    Snapshot(work).put_back()
    assert work.model.dynamo_ctx is graph


def test_sparse_gradients_and_expanded_buffers_are_put_back():
    net = nn.Embedding(9, 2, sparse=True)
    net.register_buffer("wide", torch.ones(1).expand(4))
    net(torch.tensor([1, 2])).sum().backward()
    taken = Snapshot(Training(model=net))
    kept = net.weight.grad.to_dense().clone()
    net.weight.grad.mul_(3)
    net.wide.untyped_storage().fill_(0)
    taken.put_back()
    assert torch.equal(net.weight.grad.to_dense(), kept)
    assert net.wide.stride() == (0,)
    assert net.wide.tolist() == [1.0] * 4

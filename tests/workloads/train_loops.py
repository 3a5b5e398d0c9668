"""Small trainings, one after another: `train_loops.py NAME...`, a line of JSON each.

Each says what it did (steps, batches, samples), a checksum of the parameters it came
to, and what greenops counted meanwhile, where it is watching.
"""

import hashlib
import json
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

SAMPLES, FEATURES, CLASSES, BATCH = 52, 6, 3, 8


class Did:
    """What a training did, as it counts itself."""

    def __init__(self):
        self.steps = self.train = self.other = self.samples = 0

    def trained(self, batch):
        self.train += 1
        self.samples += len(batch)


def data(**options):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(SAMPLES, FEATURES, generator=generator)
    y = torch.randint(0, CLASSES, (SAMPLES,), generator=generator)
    return DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True, **options)


def model():
    return nn.Sequential(
        nn.Linear(FEATURES, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, CLASSES)
    )


def loss_of(net, x, y):
    return nn.functional.cross_entropy(net(x), y)


def evaluate(net, did, loader=None):
    with torch.no_grad():
        for x, _ in data() if loader is None else loader:
            net(x)
            did.other += 1


def epochs(net, optimizer, did, *, count=2, loader=None, forward=None):
    loader = data() if loader is None else loader
    for _ in range(count):
        for x, y in loader:
            optimizer.zero_grad()
            (forward or loss_of)(net, x, y).backward()
            optimizer.step()
            did.steps += 1
            did.trained(x)
        evaluate(net, did)


def plain(did):
    net = model()
    epochs(net, torch.optim.AdamW(net.parameters()), did)
    return net


def workers(did):
    net = model()
    loader = data(num_workers=1, persistent_workers=True)
    epochs(net, torch.optim.SGD(net.parameters(), 0.1), did, loader=loader)
    return net


def accumulation(did):
    net = model()
    optimizer = torch.optim.Adam(net.parameters())
    for number, (x, y) in enumerate(data(), 1):
        (loss_of(net, x, y) / 3).backward()
        did.trained(x)
        if number == 4:  # in the middle of the batches of one step
            evaluate(net, did)
        if number % 3 == 0:
            optimizer.step()
            optimizer.zero_grad()
            did.steps += 1
    return net


def amp(did):
    def forward(net, x, y):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return loss_of(net, x, y)

    net = model()
    epochs(net, torch.optim.AdamW(net.parameters()), did, forward=forward)
    return net


def scaler_that_skips(did):
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    for number, (x, y) in enumerate(data()):
        optimizer.zero_grad()
        scaler.scale(loss_of(net, x, y)).backward()
        did.trained(x)
        if number in (1, 4):
            next(net.parameters()).grad.fill_(float("inf"))
        else:
            did.steps += 1
        scaler.step(optimizer)
        scaler.update()
    return net


def lbfgs(did):
    net = model()
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=4)
    for x, y in data():

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = loss_of(net, x, y)
            loss.backward()
            return loss

        optimizer.step(closure)
        did.steps += 1
        did.trained(x)
    return net


def no_loader(did):
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    x, y = torch.ones(BATCH, FEATURES), torch.zeros(BATCH, dtype=torch.long)
    for _ in range(300):  # more than are timed one by one
        optimizer.zero_grad()
        loss_of(net, x, y).backward()
        optimizer.step()
        did.steps += 1
    return net


class OwnOptimizer(torch.optim.Optimizer):
    """Sign descent, as somebody may write it."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 0.01})

    @torch.no_grad()
    def step(self, closure=None):  # noqa: ARG002 - torch's signature
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.add_(parameter.grad.sign(), alpha=-group["lr"])


def own_optimizer(did):
    net = model()
    epochs(net, OwnOptimizer(net.parameters()), did)
    return net


def gan(did):
    maker, judge = nn.Linear(2, FEATURES), nn.Linear(FEATURES, 1)
    makes = torch.optim.Adam(maker.parameters())
    judges = torch.optim.RMSprop(judge.parameters())
    for x, _ in data():
        judges.zero_grad()
        (judge(maker(torch.ones(len(x), 2)).detach()) - judge(x)).mean().backward()
        judges.step()
        makes.zero_grad()
        (-judge(maker(torch.ones(len(x), 2)))).mean().backward()
        makes.step()
        did.steps += 2
        did.trained(x)
    return nn.ModuleList([maker, judge])


def tried_on_a_copy(did):
    """What a trial steps beside the training is no step of it."""
    net, copy = model(), model()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    beside = torch.optim.SGD(copy.parameters(), 0.1)
    beside.greenops_clone = True
    epochs(net, optimizer, did)
    copy(torch.ones(BATCH, FEATURES)).sum().backward()
    beside.step()
    return net


class Stream(IterableDataset):
    """Samples without a length."""

    def __iter__(self):
        yield from data().dataset


def iterable(did):
    net = model()
    loader = DataLoader(Stream(), batch_size=BATCH)
    epochs(net, torch.optim.SGD(net.parameters(), 0.1), did, loader=loader)
    return net


def notebook(did):
    cells = [
        "net = model(); optimizer = torch.optim.SGD(net.parameters(), 0.1)",
        "epochs(net, optimizer, did, count=1)",
        "epochs(net, optimizer, did, count=1)",
    ]
    names = {**globals(), "did": did}
    for cell in cells:
        exec(compile(cell, "<cell>", "exec"), names)
    return names["net"]


def nan_loss(did):
    net = model()

    def forward(net, x, y):
        return loss_of(net, x, y) * float("nan")

    epochs(net, torch.optim.SGD(net.parameters(), 0.1), did, forward=forward)
    return net


def two_loaders(did):
    """Semi-supervised: each step is made on a batch of either loader."""
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for (x, y), (u, _) in zip(data(), data(), strict=True):
        optimizer.zero_grad()
        (loss_of(net, x, y) + net(u).pow(2).mean()).backward()
        optimizer.step()
        did.steps += 1
        did.trained(x)
        did.trained(u)
    return net


def evaluation_left_early(did):
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for _ in range(2):
        epochs(net, optimizer, did, count=1)
        for number, (x, _) in enumerate(data()):
            net(x)
            did.other += 1
            if number == 2:
                break
    return net


def many_passes(did):
    """A new pass for each batch: more than are told apart; one goes on throughout."""
    net = model()
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    other = iter(data())
    with torch.no_grad():
        net(next(other)[0])
    did.other += 1
    for _ in range(300):
        x, y = next(iter(data()))
        optimizer.zero_grad()
        loss_of(net, x, y).backward()
        optimizer.step()
        did.steps += 1
        did.trained(x)
    with torch.no_grad():
        for x, _ in other:
            net(x)
            did.other += 1
    return net


def compiled(did):
    from torch._dynamo.utils import counters

    counters.clear()
    net = model()
    fast = torch.compile(net, backend="eager")
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    epochs(fast, optimizer, did)

    whole = torch.optim.SGD(net.parameters(), 0.1)

    @torch.compile(backend="eager")
    def step(x, y):
        whole.zero_grad()
        loss_of(net, x, y).backward()
        whole.step()

    for x, y in data():
        step(x, y)
        did.steps += 1
        did.trained(x)
    did.dynamo = {
        "graphs": counters["stats"]["unique_graphs"],
        "breaks": sum(counters["graph_break"].values()),
        "frames": counters["frames"]["ok"],
        "recompiles": sum(counters["recompiles"].values()),
    }
    return net


def checksum(net):
    parts = [*net.parameters(), *net.buffers()]
    content = b"".join(part.detach().numpy().tobytes() for part in parts)
    return hashlib.sha256(content).hexdigest()


def seen():
    """Return what greenops has counted in this process so far; None: it is not there."""
    hooks = sys.modules.get("_greenops_hooks")
    observer = hooks.current() if hooks else None
    if observer is None:
        return None
    from pathlib import Path

    from greenops.torch.counts import read_counts

    counts = read_counts(Path(observer.ready().path))
    known = [0, 0, 0, 0]
    if counts is not None:
        known = [
            counts.steps, counts.train_batches, counts.samples, counts.other_batches
        ]  # fmt: skip
    return {"off": observer.off, "facts": dict(observer.facts), "counts": known}


def main():
    """Run the trainings named, each from the same seed."""
    for name in sys.argv[1:]:
        torch.manual_seed(0)
        before, did = seen(), Did()
        net = globals()[name](did)
        after = seen()
        if after:
            counts = zip(after["counts"], before["counts"], strict=True)
            after["counts"] = [now - then for now, then in counts]
        said = {"name": name, "sum": checksum(net), "did": vars(did), "seen": after}
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    main()

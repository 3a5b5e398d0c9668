"""Small trainings of many kinds, for tests that must hold for all of them."""

import random
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from greenops.torch.training import Training


class Tied(nn.Module):
    """A tiny language model whose head is its embedding."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.mix = nn.GRU(8, 8, batch_first=True)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        tokens = (x.abs() * 10).long().clamp(0, 10)
        return self.head(self.mix(self.embed(tokens))[0]).mean(1)


class Counting(nn.Module):
    """Keeps plain attributes, and draws from three generators."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 11)
        self.calls = 0
        self.history = []
        self.own = torch.Generator().manual_seed(5)
        self.register_buffer("seen", torch.zeros(1), persistent=False)

    def forward(self, x):
        self.calls += 1
        self.history.append(float(x.mean()))
        self.seen += 1
        noise = random.random() + float(np.random.rand()) + self.calls * 0.1
        noise += float(torch.rand(1, generator=self.own)) + sum(self.history[-2:])
        return self.body(x) * (noise + float(self.seen))


def mlp():
    return nn.Sequential(
        nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 11)
    )


def conv(memory_format=torch.contiguous_format):
    net = nn.Sequential(
        nn.Unflatten(1, (1, 2, 3)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(24, 11),
    )
    return net.to(memory_format=memory_format)


def frozen():
    net = mlp()
    net[0].requires_grad_(requires_grad=False)
    net[2].eval()
    return net


def normed():
    return nn.Sequential(
        nn.utils.parametrizations.spectral_norm(nn.Linear(6, 8)),
        nn.LayerNorm(8),
        nn.utils.parametrizations.weight_norm(nn.Linear(8, 11)),
    )


def attention():
    return nn.Sequential(
        nn.Unflatten(1, (3, 2)),
        nn.TransformerEncoderLayer(2, 1, 8, batch_first=True),
        nn.Flatten(),
        nn.Linear(6, 11),
    )


def batches(count=6):
    dice = torch.Generator().manual_seed(3)
    return [
        (torch.randn(8, 6, generator=dice), torch.randint(0, 11, (8,), generator=dice))
        for _ in range(count)
    ]


def loss(model, batch):
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def adam(parameters):
    return torch.optim.Adam([p for p in parameters if p.requires_grad], lr=0.01)


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": adam,
    "adamw fused": lambda p: torch.optim.AdamW(p, lr=0.01, fused=True),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    "tensor lr": lambda p: torch.optim.Adam(p, lr=torch.tensor(0.01), foreach=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
    "adadelta": lambda p: torch.optim.Adadelta(p),
    "adamax": lambda p: torch.optim.Adamax(p),
    "nadam": lambda p: torch.optim.NAdam(p),
    "radam": lambda p: torch.optim.RAdam(p),
    "asgd": lambda p: torch.optim.ASGD(p),
    "rprop": lambda p: torch.optim.Rprop(p),
    "lbfgs": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=2),
}
MODELS = {
    "mlp": mlp,
    "conv": conv,
    "channels last": lambda: conv(torch.channels_last),
    "tied": Tied,
    "counting": Counting,
    "frozen": frozen,
    "normed": normed,
    "attention": attention,
    "double": lambda: Doubled(),
    "compiled": lambda: torch.compile(mlp(), backend="eager"),
}


class Doubled(nn.Sequential):
    """In 64-bit floats."""

    def __init__(self):
        super().__init__(nn.Linear(6, 11))
        self.double()

    def forward(self, x):
        return super().forward(x.double())


PAIRS = [
    *((model, "adam") for model in MODELS),
    *(("mlp", optimizer) for optimizer in OPTIMIZERS if optimizer != "adam"),
    ("conv", "momentum"),
    ("tied", "lbfgs"),
    ("channels last", "rmsprop"),
]


def training(model="mlp", optimizer="adam", *, scheduler=True):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    net = MODELS[model]()
    chosen = OPTIMIZERS[optimizer](net.parameters())
    work = Training(model=net, optimizers=[chosen])
    if not scheduler:
        return work
    falling = torch.optim.lr_scheduler.LambdaLR(chosen, lambda epoch: 0.9**epoch)
    return replace(work, schedulers=[falling])


def step(work, batch):
    (optimizer,) = work.optimizers

    def closure():
        optimizer.zero_grad()
        value = loss(work.model, batch)
        value.backward()
        return value

    value = optimizer.step(closure)
    for scheduler in work.schedulers:
        scheduler.step()
    return value


def run(work, steps=3):
    """Train a few steps; return the bits of everything."""
    for batch in batches(steps):
        step(work, batch)
    return bits(work)


def bits(work):
    """Return all tensors and numbers of a training, for comparison."""
    found = [t.detach().clone() for t in work.model.state_dict().values()]
    found += [p.grad.clone() for p in work.model.parameters() if p.grad is not None]
    for optimizer in work.optimizers:
        for state in optimizer.state.values():
            found += [v.clone() for v in state.values() if isinstance(v, torch.Tensor)]
        found += [torch.as_tensor(g["lr"]).clone() for g in optimizer.param_groups]
    return found


def same(one, other):
    return len(one) == len(other) and all(
        a.shape == b.shape and a.stride() == b.stride() and torch.equal(a, b)
        for a, b in zip(one, other, strict=True)
    )

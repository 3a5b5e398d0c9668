"""Training loops that tell their own CPU time: `torch_loops.py hooks|mlp|cnn|...`."""

import json
import logging
import sys
import tempfile
import time
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

MANY = 200_000


def hooks():
    """CPU s of an optimizer's step that does nothing, and of a batch that exists."""

    class Idle(torch.optim.Optimizer):
        def __init__(self):
            super().__init__([nn.Parameter(torch.zeros(1))], {})

        def step(self, closure=None):  # noqa: ARG002 - torch's signature
            return None

    batch = [torch.zeros(8, 2), torch.zeros(8)]
    optimizer = Idle()
    loader = DataLoader(range(MANY + 1), batch_size=1, collate_fn=lambda _: batch)
    batches = iter(loader)
    next(batches)
    optimizer.step()
    return {
        "step_s": each_s(optimizer.step),
        "batch_s": each_s(lambda: next(batches)),
    }


def each_s(function):
    began_s = time.process_time()
    for _ in range(MANY):
        function()
    return (time.process_time() - began_s) / MANY


def mlp():
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    return looped(net, torch.randn(6400, 64), 64, epochs=12)


def cnn():
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip
    return looped(net, torch.randn(1600, 1, 16, 16), 32, epochs=6)


def transformer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
            self.out = nn.Linear(32, 10)

        def forward(self, x):
            return self.out(self.layer(x).mean(1))

    return looped(Net(), torch.randn(1600, 16, 32), 32, epochs=5)


def looped(net, x, batch_size, *, epochs):
    data = TensorDataset(x, torch.arange(len(x)) % 10)
    loader = DataLoader(data, batch_size, shuffle=True)
    optimizer = torch.optim.AdamW(net.parameters())
    began_s = time.process_time()
    for _ in range(epochs):
        for inputs, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(inputs), labels).backward()
            optimizer.step()
    return {"loop_s": time.process_time() - began_s}


def hf_trainer():
    import transformers

    transformers.logging.set_verbosity_error()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))

        def forward(self, x, labels):
            return {"loss": nn.functional.cross_entropy(self.net(x), labels)}

    items = [{"x": x, "labels": i % 10} for i, x in enumerate(torch.randn(3200, 64))]
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            output_dir=folder, num_train_epochs=4, use_cpu=True, report_to=[],
            per_device_train_batch_size=16, save_strategy="no", disable_tqdm=True,
            logging_strategy="no",
        )  # fmt: skip
        trainer = transformers.Trainer(Net(), arguments, train_dataset=items)
        began_s = time.process_time()
        trainer.train()
        return {"loop_s": time.process_time() - began_s}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(json.dumps(globals()[sys.argv[1]]()))

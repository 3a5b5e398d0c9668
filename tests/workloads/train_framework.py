"""One training by a framework: `train_framework.py lightning|hf_trainer|accelerate`.

Prints a checksum of the parameters. Nothing is fetched: models and data are made here.
"""

import hashlib
import logging
import os
import sys
import tempfile
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

os.environ |= {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
EPOCHS, SAMPLES, BATCH = 2, 22, 4


def data():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(SAMPLES, 4, generator=generator)
    return TensorDataset(x, torch.arange(SAMPLES) % 2)


def net():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def lightning():
    from lightning import LightningModule, Trainer

    from greenops.torch import LightningMeter

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.net = net()

        def training_step(self, batch, _):
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, _):
            self.net(batch[0])

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters())

    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            max_epochs=EPOCHS, accelerator="cpu", logger=False, default_root_dir=folder,
            enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, num_sanity_val_steps=1,
            accumulate_grad_batches=2, callbacks=[LightningMeter()],
        )  # fmt: skip
        module = Module()
        train, check = DataLoader(data(), BATCH, shuffle=True), DataLoader(data(), 11)
        trainer.fit(module, train, check)
    return module


def hf_trainer():
    import transformers

    from greenops.torch import TrainerMeter

    transformers.logging.set_verbosity_error()

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net()

        def forward(self, x, labels):
            logits = self.net(x)
            return {
                "loss": nn.functional.cross_entropy(logits, labels),
                "logits": logits,
            }

    items = [{"x": x, "labels": y} for x, y in data()]
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            output_dir=folder, num_train_epochs=EPOCHS, use_cpu=True, report_to=[],
            per_device_train_batch_size=BATCH, per_device_eval_batch_size=11,
            gradient_accumulation_steps=2, eval_strategy="epoch", save_strategy="no",
            disable_tqdm=True, logging_strategy="no",
        )  # fmt: skip
        model = Model()
        trainer = transformers.Trainer(
            model,
            arguments,
            train_dataset=items,
            eval_dataset=items,
            callbacks=[TrainerMeter()],
        )
        stdout, sys.stdout = sys.stdout, sys.stderr  # it prints its metrics
        try:
            trainer.train()
        finally:
            sys.stdout = stdout
    return model


def accelerate():
    from accelerate import Accelerator

    from greenops.torch import AccelerateMeter

    accelerator = Accelerator(
        cpu=True, gradient_accumulation_steps=2, log_with=[AccelerateMeter()]
    )
    accelerator.init_trackers("test")
    model = net()
    optimizer = torch.optim.AdamW(model.parameters())
    model, optimizer, loader, check = accelerator.prepare(
        model,
        optimizer,
        DataLoader(data(), BATCH, shuffle=True),
        DataLoader(data(), 11),
    )
    for _ in range(EPOCHS):
        for x, y in loader:
            with accelerator.accumulate(model):
                optimizer.zero_grad()
                accelerator.backward(nn.functional.cross_entropy(model(x), y))
                optimizer.step()
        with torch.no_grad():
            for x, _ in check:
                model(x)
    return model


def main():
    """Train by the framework named."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model = globals()[sys.argv[1]]()
    content = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
    print(hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()

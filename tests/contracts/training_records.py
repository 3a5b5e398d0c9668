"""A training as it may be counted, for tests."""

from typing import Any

from greenops.model import (
    Training,
    TrainingOptimizer,
    TrainingPass,
    TrainingProcess,
    TrainingTick,
)


def a_tick(at_s=10.0, **given):
    counted = {
        "steps": 8, "samples": 64, "train_batches": 16, "other_batches": 2,
        "waited_s": 0.5, "compiles": 1, "compiled_s": 0.25, "processes": 2,
    }  # fmt: skip
    return TrainingTick(at_epoch_s=at_s, **counted | given)


def a_pass(number=0, **given):
    counted = {
        "pid": 7, "trains": True, "start_epoch_s": 1.0 + number,
        "stop_epoch_s": 2.0 + number, "batches": 8, "samples": 32, "steps": 4,
        "waited_s": 0.25,
    }  # fmt: skip
    return TrainingPass(number=number, **counted | given)


def a_process(**given: Any):
    known: dict[str, Any] = {
        "pid": 7, "rank": 0, "world_size": 2, "framework": "plain",
        "launcher": "torchrun", "parallel": "ddp", "autocast": None, "torch": "2.13.0",
        "steps": 8,
        "optimizers": (
            TrainingOptimizer(name="AdamW", dtype="float32", device="cpu", steps=8),
        ),
    }  # fmt: skip
    return TrainingProcess(**known | given)


def a_training(**given):
    known: dict[str, Any] = {
        "tick": a_tick(), "first_epoch_s": 1.0, "last_epoch_s": 9.0,
        "first_steps_epoch_s": (2.0, 3.0), "processes": (a_process(),),
        "passes": (a_pass(), a_pass(1)),
    }  # fmt: skip
    return Training(**known | given)

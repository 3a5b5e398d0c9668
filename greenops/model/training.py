"""Records of training: what a job's processes counted of their steps and batches."""

from dataclasses import dataclass

from greenops.model.carbon import Bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTick:
    """What all ranks together had counted since the run began, at one moment.

    A step that all ranks of a group make together is one step. `waited_s` is how long
    the loops waited for their loaders, the mean of `processes` training processes.
    """

    at_epoch_s: float
    steps: int
    samples: int
    train_batches: int
    other_batches: int
    waited_s: float
    compiles: int
    compiled_s: float
    processes: int

    def __post_init__(self) -> None:
        if min(self.steps, self.samples, self.train_batches, self.processes) < 0:
            raise ValueError(f"a negative count: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPass:
    """One pass over a loader, all ranks together: an epoch where `trains`.

    `[start_epoch_s, stop_epoch_s)` reaches from its first batch being asked for to its
    last one being had. `number` counts the passes of process `pid`, from 0.
    """

    pid: int
    number: int
    trains: bool
    start_epoch_s: float
    stop_epoch_s: float
    batches: int
    samples: int
    steps: int
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptimizer:
    """One optimizer of one process: its class, its parameters' format, its steps."""

    name: str
    dtype: str
    device: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProcess:
    """One process that trains.

    Attributes:
        pid: In the namespace of the process itself.
        framework: Who made its steps: `plain`, `lightning`, `hf_trainer`, `accelerate`.
        launcher: `torchrun`, `spawn` or None.
        parallel: `ddp`, `fsdp` or None.
        autocast: Device and number format of autocast, such as `cuda bfloat16`.
        steps: Its own, ranks not yet taken together.
        parameters: Of the model, where `attach` was told of one.
        batch_size: Of the loader, likewise.
        workers: Of the loader, likewise.
    """

    pid: int
    rank: int
    world_size: int
    framework: str
    launcher: str | None
    parallel: str | None
    autocast: str | None
    torch: str
    steps: int
    optimizers: tuple[TrainingOptimizer, ...] = ()
    parameters: int | None = None
    batch_size: int | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is known of a run's training, at its end or so far.

    Attributes:
        tick: The counts.
        first_epoch_s: When the first batch was asked for, or the first step made.
        last_epoch_s: When the last step was made.
        first_steps_epoch_s: Ends of the first steps, of the first rank.
        processes: Those that trained; the first ones where there are very many.
        passes: Over loaders, in time order; the newest where there are very many.
    """

    tick: TrainingTick
    first_epoch_s: float
    last_epoch_s: float
    first_steps_epoch_s: tuple[float, ...] = ()
    processes: tuple[TrainingProcess, ...] = ()
    passes: tuple[TrainingPass, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnergy:
    """One epoch with the job's energy while it went on, in J."""

    epoch: TrainingPass
    energy_j: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnergy:
    """Where a training's energy went, by the samples taken while it counted.

    Shorter things than a sample get their part of it, as if its power were constant.
    None is what cannot be told: too few steps, no sizes of batches, no samples.

    Attributes:
        setup_j: From the run's start to the first batch or step.
        warmup_j: From there to a steady pace: compiling, autotuning, cold caches.
        warmup_s: How long that took.
        warmup_steps: Steps made in it.
        evaluation_j: During passes that trained nothing.
        stalled_j: While the loop waited for its loader.
        stalled_share: Share of the time from the first batch to the last step.
        per_step_j: At the steady pace, evaluation left out; with bounds of 95 %.
        per_sample_j: The same, by sample.
        epochs: Passes that trained.
    """

    setup_j: float
    warmup_j: float | None
    warmup_s: float | None
    warmup_steps: int | None
    evaluation_j: float
    stalled_j: float
    stalled_share: float | None
    per_step_j: Bounded | None
    per_sample_j: Bounded | None
    epochs: tuple[EpochEnergy, ...]

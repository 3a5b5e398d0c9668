"""A training that is paused anywhere ends exactly as one that never was."""

import random
import signal

import pytest

torch = pytest.importorskip("torch", reason="greenops[torch] is not installed")

import numpy as np  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, Dataset, RandomSampler  # noqa: E402

from greenops.errors import CheckpointError  # noqa: E402
from greenops.torch import resumable  # noqa: E402
from greenops.torch.checkpoint import PAUSED, Checkpoints  # noqa: E402

torch.set_num_threads(1)  # two would wait for each other on a busy machine
EPOCHS, SAMPLES, BATCH = 3, 22, 4
STEPS = EPOCHS * -(-SAMPLES // BATCH)


class Noisy(Dataset):
    """Samples that draw from every generator of the process they are loaded in."""

    def __init__(self):
        self.x = torch.randn(SAMPLES, 6, generator=torch.Generator().manual_seed(1))

    def __len__(self):
        return SAMPLES

    def __getitem__(self, i):
        noise = random.random() + np.random.rand() + torch.rand(())
        return self.x[i] + 0.1 * noise, i % 3


def network():
    return nn.Sequential(
        nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
    )


class Training:
    """One process that trains: made anew for every attempt."""

    def __init__(
        self, folder, *, resume=True, seed=0, loader=None, optimizer=None, **more
    ):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        self.model = network()
        make = optimizer or (lambda p: torch.optim.AdamW(p, 1e-2))
        self.optimizer = make(self.model.parameters())
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, 1e-2, total_steps=STEPS + 1, cycle_momentum=False
        )
        self.loader = loader() if loader else DataLoader(Noisy(), BATCH, shuffle=True)
        self.run = resumable(
            model=self.model, optimizer=self.optimizer, scheduler=self.scheduler,
            loader=self.loader, folder=folder, resume=resume, **more,
        )  # fmt: skip
        self.losses = []

    def go(self, pause_behind=None, *, how=None):
        for _ in self.run.epochs(EPOCHS):
            self.model.train()
            for x, y in self.run.batches(self.loader):
                loss = nn.functional.cross_entropy(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.scheduler.step()
                self.losses.append(loss.item())
                self.run.values["last"] = loss.item()
                if self.run.step + 1 == pause_behind:
                    (how or self.run.pause)()
            self.model.eval()
            torch.rand(3)  # an evaluation that draws
        return self

    def ends_as(self, other):
        for mine, theirs in (
            (self.model.state_dict(), other.model.state_dict()),
            (_flat(self.optimizer), _flat(other.optimizer)),
        ):
            assert mine.keys() == theirs.keys()
            for name, value in mine.items():
                assert torch.equal(
                    torch.as_tensor(value), torch.as_tensor(theirs[name])
                )
        assert torch.equal(torch.get_rng_state(), torch.get_rng_state())
        assert self.scheduler.state_dict() == other.scheduler.state_dict()


def _flat(optimizer):
    found: dict[str, object] = {}
    for i, state in optimizer.state_dict()["state"].items():
        found |= {f"{i}.{k}": v for k, v in state.items() if v is not None}
    return found


def paused(folder, behind, **options):
    """Train up to a pause behind a step; return the losses until then."""
    training = Training(folder, resume=False, **options)
    with pytest.raises(SystemExit) as stopped:
        training.go(pause_behind=behind)
    assert stopped.value.code == 75
    assert training.run.step == behind
    return training.losses


@pytest.mark.parametrize("behind", [1, 2, 5, 6, 7, 12, 17])
def test_a_pause_behind_any_batch_changes_no_bit(tmp_path, behind):
    whole = Training(None).go()
    before = paused(tmp_path, behind)

    after = Training(tmp_path, seed=99).go()

    assert after.run.resumed
    assert [*before, *after.losses] == whole.losses
    after.ends_as(whole)


def test_a_pause_behind_the_very_last_batch_leaves_nothing_to_be_done_twice(tmp_path):
    whole = Training(None).go()
    before = paused(tmp_path, STEPS)

    after = Training(tmp_path).go()

    assert after.losses == []
    assert before == whole.losses
    after.ends_as(whole)


def test_a_training_paused_at_every_batch_still_ends_the_same(tmp_path):
    whole = Training(None).go()
    losses = []
    for behind in range(1, STEPS + 1):
        training = Training(tmp_path, seed=behind - 1)
        with pytest.raises(SystemExit):
            training.go(pause_behind=behind)
        losses += training.losses
    last = Training(tmp_path).go()

    assert losses == whole.losses
    last.ends_as(whole)


OPTIMIZERS = {
    "sgd with momentum": lambda p: torch.optim.SGD(
        p, 0.05, momentum=0.9, nesterov=True
    ),
    "adam amsgrad": lambda p: torch.optim.Adam(p, 1e-2, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 1e-3, momentum=0.5, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, 1e-2),
    "nadam": lambda p: torch.optim.NAdam(p, 1e-2),
    "radam": lambda p: torch.optim.RAdam(p, 1e-2),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_state_of_every_optimizer_comes_back(tmp_path, optimizer):
    whole = Training(None, optimizer=optimizer).go()
    paused(tmp_path, 8, optimizer=optimizer)

    Training(tmp_path, optimizer=optimizer, seed=5).go().ends_as(whole)


LOADERS = {
    "own generator": lambda: DataLoader(
        Noisy(), BATCH, shuffle=True, generator=torch.Generator().manual_seed(7)
    ),
    "drawn with replacement": lambda: DataLoader(
        Noisy(), BATCH, sampler=RandomSampler(Noisy(), replacement=True)
    ),
    "sampler with a generator": lambda: DataLoader(
        Noisy(), BATCH,
        sampler=RandomSampler(Noisy(), generator=torch.Generator().manual_seed(3)),
    ),
    "two workers": lambda: DataLoader(Noisy(), BATCH, shuffle=True, num_workers=2),
    "in order": lambda: DataLoader(Noisy(), BATCH),
}  # fmt: skip


@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
@pytest.mark.timeout(120)
def test_the_order_of_the_data_and_what_it_draws_come_back(tmp_path, loader):
    whole = Training(None, loader=loader).go()
    before = paused(tmp_path, 9, loader=loader)

    after = Training(tmp_path, loader=loader, seed=6).go()

    assert [*before, *after.losses] == whole.losses
    after.ends_as(whole)


def test_gradients_that_were_accumulated_are_not_lost(tmp_path):
    def train(folder, pause_behind=None):
        torch.manual_seed(0)
        model = nn.Linear(6, 3)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        loader = DataLoader(Noisy().x, BATCH)
        run = resumable(model=model, optimizer=optimizer, loader=loader, folder=folder)
        for _ in run.epochs(EPOCHS):
            for x in run.batches(loader):
                model(x).square().mean().backward()
                if run.step % 3 == 2:
                    optimizer.step()
                    optimizer.zero_grad()
                if run.step + 1 == pause_behind:
                    run.pause()
        return model

    whole = train(None)
    with pytest.raises(SystemExit):
        train(tmp_path, pause_behind=8)  # between two steps of the optimizer

    assert torch.equal(train(tmp_path).weight, whole.weight)


def test_two_loops_within_an_epoch_are_told_apart(tmp_path):
    def train(folder, pause_behind=None):
        torch.manual_seed(0)
        model, seen = nn.Linear(6, 3), []
        run = resumable(model=model, folder=folder)
        for _ in run.epochs(2):
            for name in ("first", "second"):
                for i in run.batches(range(3)):
                    seen.append((name, i, torch.rand(()).item()))
                    if run.step + 1 == pause_behind:
                        run.pause()
        return seen

    whole = train(None)
    for behind in range(1, len(whole)):
        folder = tmp_path / str(behind)
        with pytest.raises(SystemExit):
            train(folder, pause_behind=behind)
        assert train(folder) == whole[behind:]


def test_the_signal_pauses_behind_the_batch_at_hand(tmp_path):
    before = signal.getsignal(signal.SIGUSR1)
    try:
        training = Training(tmp_path, resume=False)
        with pytest.raises(SystemExit) as stopped:
            training.go(4, how=lambda: signal.raise_signal(signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert (stopped.value.code, training.run.step) == (75, 4)
    assert (tmp_path / PAUSED).exists()


def test_who_listened_to_the_signal_before_is_told_as_well(tmp_path):
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append("the script"))
    try:
        training = Training(tmp_path, resume=False)
        signal.raise_signal(signal.SIGUSR1)
        with pytest.raises(SystemExit):
            training.go()
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert heard == ["the script"]


def test_without_a_folder_nothing_is_installed(monkeypatch):
    monkeypatch.delenv("GREENOPS_CHECKPOINT_DIR", raising=False)
    before = signal.getsignal(signal.SIGUSR1)

    training = Training(None)
    training.run.pause()
    training.go()

    assert signal.getsignal(signal.SIGUSR1) is before
    assert training.run.save() is False
    assert len(training.losses) == STEPS


@pytest.mark.parametrize(("said", "resumed"), [("1", True), ("0", False)])
def test_the_environment_of_a_job_says_where_and_whether(
    tmp_path, monkeypatch, said, resumed
):
    monkeypatch.setenv("GREENOPS_CHECKPOINT_DIR", str(tmp_path))
    monkeypatch.setenv("GREENOPS_RESUME", said)
    paused(None, 3)

    training = Training(None, resume=None)

    assert training.run.resumed is resumed
    assert not (tmp_path / PAUSED).exists()  # it runs again


def test_values_of_the_script_are_kept(tmp_path):
    losses = paused(tmp_path, 5)

    assert Training(tmp_path).run.values == {"last": losses[-1]}


def test_it_saves_from_time_to_time_when_told_to(tmp_path):
    training = Training(tmp_path, resume=False, every_s=1e-9).go()

    assert len(list((tmp_path / "greenops").glob("step-*"))) == 1  # the last one
    assert Training(tmp_path).run.step == training.run.step


def test_a_checkpoint_is_read_without_greenops(tmp_path):
    paused(tmp_path, 4)
    folder = tmp_path / "greenops"
    name = (folder / "latest").read_text()

    found = torch.load(folder / name / "rank-0.pt", weights_only=True)

    assert found["step"] == 4
    network().load_state_dict(found["state"]["models"][0])


def test_a_full_disk_keeps_the_old_checkpoint_and_the_training(
    tmp_path, monkeypatch, caplog
):
    paused(tmp_path, 2)
    training = Training(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    training.go(pause_behind=5)  # the pause cannot be kept, so it goes on

    assert training.run.step == STEPS
    assert "No space left" in caplog.text
    assert [p.name for p in (tmp_path / "greenops").glob("step-*")] == [
        "step-0000000002"
    ]
    monkeypatch.undo()
    assert Training(tmp_path).run.step == 2


@pytest.mark.parametrize("line", ["write", "replace", "commit"])
def test_a_save_that_is_cut_off_leaves_the_one_before(tmp_path, monkeypatch, line):
    paused(tmp_path, 2)
    training = Training(tmp_path)

    class Killed(BaseException):
        pass

    def kill(*_, **__):
        raise Killed

    if line == "write":
        monkeypatch.setattr(torch, "save", kill)
    else:
        monkeypatch.setattr(Checkpoints, "commit", kill)
    with pytest.raises(Killed):
        training.go(pause_behind=7)
    monkeypatch.undo()

    again = Training(tmp_path)
    assert again.run.step == 2
    again.go().ends_as(Training(None).go())


def test_a_checkpoint_of_another_model_is_refused_and_changes_nothing(tmp_path):
    paused(tmp_path, 2)
    other = nn.Sequential(nn.Linear(6, 9))
    before = other[0].weight.clone()

    with pytest.raises(CheckpointError, match=r"another model.*another folder"):
        resumable(model=other, folder=tmp_path)
    assert torch.equal(other[0].weight, before)


def test_a_damaged_checkpoint_says_how_to_begin_anew(tmp_path):
    paused(tmp_path, 2)
    folder = tmp_path / "greenops"
    file = folder / (folder / "latest").read_text() / "rank-0.pt"
    file.write_bytes(file.read_bytes()[:100])

    with pytest.raises(CheckpointError, match="begin"):
        Training(tmp_path)


@pytest.mark.parametrize("text", ["", "../../etc", "step-0000000099", "step-1/../x"])
def test_a_pointer_to_nothing_says_how_to_begin_anew(tmp_path, text):
    paused(tmp_path, 2)
    (tmp_path / "greenops" / "latest").write_text(text)

    with pytest.raises(CheckpointError, match="begin anew"):
        Training(tmp_path)


def test_what_cannot_be_kept_is_told_at_once(tmp_path):
    class Odd:
        def state_dict(self):
            return {"f": lambda: 0}

        def load_state_dict(self, _):
            raise AssertionError

    with pytest.raises(CheckpointError, match=r"ema\['f'\] is a function"):
        resumable(model=nn.Linear(1, 1), ema=Odd(), folder=tmp_path)
    with pytest.raises(CheckpointError, match="scaler is a int without state_dict"):
        resumable(model=nn.Linear(1, 1), scaler=3, folder=tmp_path)


def test_parts_that_are_other_ones_are_refused(tmp_path):
    paused(tmp_path, 2)

    with pytest.raises(CheckpointError, match="keeps optimizer, scheduler"):
        resumable(model=network(), folder=tmp_path)


@pytest.mark.parametrize("every_s", [0.0, -1.0, float("nan")])
def test_a_time_that_is_none_is_refused(every_s):
    with pytest.raises(ValueError, match="above 0"):
        resumable(model=nn.Linear(1, 1), every_s=every_s)


def test_tied_and_frozen_weights_and_compiled_models_come_back(tmp_path):
    def made():
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        model[1].weight = model[0].weight
        model[0].bias.requires_grad_(False)
        return model

    model = made()
    run = resumable(
        model=torch.compile(model, backend="eager"), folder=tmp_path, resume=False
    )
    with torch.no_grad():
        model[0].weight.add_(1.0)
    assert run.save()

    again = made()
    resumable(model=again, folder=tmp_path)
    assert again[0].weight is again[1].weight
    assert torch.equal(again[0].weight, model[0].weight)
    assert not again[0].bias.requires_grad


def test_memory_formats_survive(tmp_path):
    model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    assert resumable(model=model, optimizer=optimizer, folder=tmp_path).save()

    again = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    other = torch.optim.Adam(again.parameters())
    resumable(model=again, optimizer=other, folder=tmp_path)

    (state,) = [s for p, s in other.state.items() if p is again.weight]
    assert again.weight.is_contiguous(memory_format=torch.channels_last)
    assert state["exp_avg"].is_contiguous(memory_format=torch.channels_last)

"""Adds processes up to one run: ranks that step together make one step."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import inf

from greenops.model import Training, TrainingPass, TrainingTick
from greenops.torch.counts import CountedPass, ProcessCounts

MOST_PROCESSES = 64
"""Of a run that are told apart in the ledger; the counts hold all."""
MOST_PASSES = 1000

Groups = dict[str, dict[int, list[ProcessCounts]]]
"""Processes by group and rank. A rank that was started anew has several."""


def one_run(
    found: Sequence[ProcessCounts], *, epoch_s: Callable[[float], float], at_s: float
) -> Training | None:
    """Return what the processes counted together; None: nothing.

    Args:
        found: The processes.
        epoch_s: Turns monotonic s into epoch s.
        at_s: Monotonic s of now.
    """
    if not found:
        return None
    groups: Groups = defaultdict(lambda: defaultdict(list))
    for one in found:
        groups[one.group][one.process.rank].append(one)
    trained = [one for one in found if one.steps] or list(found)
    leader = min(trained, key=lambda one: (one.process.rank, one.first_s))
    return Training(
        tick=_tick(groups, found, epoch_s(at_s)),
        first_epoch_s=epoch_s(min(one.first_s for one in trained)),
        last_epoch_s=epoch_s(max(one.last_s for one in trained)),
        first_steps_epoch_s=tuple(epoch_s(s) for s in leader.first_steps_s),
        processes=tuple(one.process for one in found[:MOST_PROCESSES]),
        passes=tuple(_passes(groups, epoch_s)[-MOST_PASSES:]),
    )


def _tick(
    groups: Groups, found: Sequence[ProcessCounts], at_epoch_s: float
) -> TrainingTick:
    trained = [one for one in found if one.steps]
    return TrainingTick(
        at_epoch_s=at_epoch_s,
        steps=sum(
            max(sum(one.steps for one in rank) for rank in ranks.values())
            for ranks in groups.values()
        ),
        samples=sum(one.samples for one in found),
        train_batches=sum(one.train_batches for one in found),
        other_batches=sum(one.other_batches for one in found),
        waited_s=sum(one.waited_s for one in found) / max(1, len(trained)),
        compiles=sum(one.compiles for one in found),
        compiled_s=sum(one.compiled_s for one in found) / max(1, len(trained)),
        processes=len(trained),
    )


def _passes(groups: Groups, epoch_s: Callable[[float], float]) -> list[TrainingPass]:
    found = [
        TrainingPass(
            pid=pid,
            number=same[0].number,
            trains=same[0].trains,
            start_epoch_s=epoch_s(min(one.start_s for one in same)),
            stop_epoch_s=epoch_s(max(one.last_s for one in same)),
            batches=sum(one.batches for one in same),
            samples=sum(one.samples for one in same),
            steps=max(one.steps for one in same),
            waited_s=sum(one.waited_s for one in same) / len(same),
        )
        for ranks in groups.values()
        for pid, same in _same_passes(ranks)
    ]
    return sorted(found, key=lambda one: one.start_epoch_s)


def _same_passes(
    ranks: dict[int, list[ProcessCounts]],
) -> list[tuple[int, list[CountedPass]]]:
    """Return the passes of a group, each with its like of the other ranks.

    They are told by time, as ranks step together, and where they do not (evaluating)
    by their number. One that the first rank did not make stands for itself.
    """
    first, *others = (ranks[rank] for rank in sorted(ranks))
    together = [(one.process.pid, [p]) for one in first for p in one.passes]
    led = list(together)
    for process in (one for rank in others for one in rank):
        for each in process.passes:
            like = max(led, key=lambda pair: _likeness(pair[1][0], each), default=None)
            if like is not None and _likeness(like[1][0], each) >= (False, True, -inf):
                like[1].append(each)
            else:
                together.append((process.process.pid, [each]))
    return together


def _likeness(one: CountedPass, other: CountedPass) -> tuple[bool, bool, float]:
    """Return how much speaks for the same pass; either of the first two is enough."""
    together_s = min(one.last_s, other.last_s) - max(one.start_s, other.start_s)
    alike = one.trains == other.trains
    return (
        alike and together_s > 0,
        alike and one.number == other.number,
        together_s if alike else 0.0,
    )

"""A zone's own forecast: fitted once in a while, tested on days it had not seen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import numpy as np

from greenops.errors import SignalError
from greenops.forecast.ahead import Ahead, Past, outcomes
from greenops.forecast.direct import LEAST_DAYS, DirectModel, fit, origins_before
from greenops.forecast.features import Indices, Prepared, mix_columns, prepared
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, Floats, History

GOOD_FOR = timedelta(days=7)
"""A model is fitted anew after this."""
LEAST_HISTORY = timedelta(days=28 + 7 + LEAST_DAYS + 14)
"""A shorter history cannot be learnt from and tested on."""
REPLAYED_DAYS = 120
REFITTED_EVERY_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnModel:
    """A model of one zone for forecasts issued at one hour of the day (UTC).

    Attributes:
        direct: Fitted on everything before `trained_to`.
        trained_to: Nothing later was seen.
        columns: The columns of mix it was fitted with; empty: none.
        learnt_from: Tells the hours it learnt from apart from any others.
        tested_from: Starts of the first hours ahead of the days it was tested on.
        said: Shape (days, hours ahead): what models that had not seen them said.
    """

    direct: DirectModel
    trained_to: datetime
    columns: tuple[str, ...]
    learnt_from: str
    tested_from: tuple[datetime, ...]
    said: Floats

    def serves(self, history: History) -> bool:
        """Return whether it may speak for what comes after this history."""
        age = history.stop - self.trained_to
        return (
            history.stop.hour == self.direct.hour
            and timedelta(0) <= age < GOOD_FOR
            and self.columns == _columns(history)
            and self.learnt_from == _fingerprint(history, self.trained_to)
        )

    def ahead(self, history: History) -> Ahead:
        """Return what it says of the hours after the history.

        Raises:
            SignalError: the history is shorter than what the model looks back on.
        """
        ready = prepared(history)
        tested = np.array(
            [(t - history.first) // HOUR for t in self.tested_from], dtype=np.intp
        )
        inside = tested >= 0
        start = (self.trained_to - history.first) // HOUR
        since = np.arange(start, len(ready), DAY_H, dtype=np.intp)
        now = np.array([len(ready)], dtype=np.intp)
        said = np.vstack((self.said[inside], self.direct.predict(ready, since)))
        days = np.concatenate((tested[inside], since))
        return Ahead(
            log_g=self.direct.predict(ready, now)[0],
            past=Past(
                origins=days,
                said=said,
                came=outcomes(ready, days, said.shape[1]),
            ),
            method="own",
        )


def train(history: History, *, ahead: int = WEEK_H) -> OwnModel:
    """Fit a model for forecasts issued where the history ends, and test it.

    The test replays the last 120 days, one forecast a day; each block of 30 days is
    forecast by a model that was fitted on what had ended before it.

    Args:
        history: At least `LEAST_HISTORY` long.
        ahead: How many hours to forecast.

    Raises:
        SignalError: the history is too short, or has too many gaps.
    """
    if history.stop - history.first < LEAST_HISTORY:
        raise SignalError(
            f"a forecast of one's own needs {LEAST_HISTORY.days} days of history; "
            f"{(history.stop - history.first).days} are known"
        )
    ready = prepared(history)
    hour = history.stop.hour
    model = fit(ready, hour=hour, stop=len(ready), ahead=ahead)
    days, said = _tested(ready, hour, ahead)
    return OwnModel(
        direct=model,
        trained_to=history.stop,
        columns=_columns(history),
        learnt_from=_fingerprint(history, history.stop),
        tested_from=tuple(history.first + int(i) * HOUR for i in days),
        said=said,
    )


def _tested(ready: Prepared, hour: int, ahead: int) -> tuple[Indices, Floats]:
    # The first day that LEAST_DAYS earlier ones, each with its outcome, come before.
    soonest = LEAST_DAYS - 1 + -(-ahead // DAY_H)
    origins = origins_before(ready, hour, len(ready))[soonest:][-REPLAYED_DAYS:]
    days, said = [], []
    for block in np.array_split(origins, -(-len(origins) // REFITTED_EVERY_DAYS)):
        try:
            model = fit(ready, hour=hour, stop=int(block[0]), ahead=ahead)
        except SignalError:  # this far back there was too little to learn from
            continue
        days.append(block)
        said.append(model.predict(ready, block))
    if not days:
        raise SignalError("too short a history to test a forecast on itself")
    return np.concatenate(days), np.vstack(said)


def _columns(history: History) -> tuple[str, ...]:
    used = mix_columns(history)
    return tuple(history.columns[i] if history.columns else str(i) for i in used)


def _fingerprint(history: History, trained_to: datetime) -> str:
    """Return a mark of seven settled weeks before a model was fitted.

    The last week is left out: providers still revise it.
    """
    stop = (trained_to - history.first) // HOUR - WEEK_H
    settled = history.g_per_kwh[max(0, stop - 7 * WEEK_H) : max(0, stop)]
    return sha256(settled.tobytes()).hexdigest()[:16]

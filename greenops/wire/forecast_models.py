"""Fitted forecast models on the disk, so that the next forecast need not fit again."""

import hashlib
import io
import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from greenops.forecast.direct import DirectModel
from greenops.forecast.own import OwnModel
from greenops.wire.replaced import replace_file

log = logging.getLogger(__name__)

LAYOUT = 1
"""Raised when models are fitted or kept otherwise: older files are fitted anew."""
DIGEST_BYTES = 32
_ARRAYS = ("centre", "shift", "slopes")


class ModelStore:
    """One file per zone and hour of the day, replaced as a whole.

    A file that is missing, damaged or of another version is no model: it begins with a
    digest of the rest, so that what is read is what was kept. Nothing in it is
    executed: arrays and JSON only.
    """

    def __init__(self, folder: Path) -> None:
        """Keep models in `folder`, which is made when there is one to keep."""
        self._folder = folder

    def load(self, name: str, hour: int) -> OwnModel | None:
        """Return the model of `name` for an hour of the day; None: there is none."""
        path = self._path(name, hour)
        try:
            with np.load(_sound(path.read_bytes()), allow_pickle=False) as file:
                return _model(dict(file))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError) as e:
            log.info("the forecast model %s is fitted anew: %s", path, e)
            return None

    def save(self, name: str, model: OwnModel) -> None:
        """Keep a model; where that fails it is fitted again next time."""
        path = self._path(name, model.direct.hour)
        try:
            replace_file(path, lambda file: file.write(_packed(model)))
        except OSError as e:
            log.info("the forecast model %s could not be kept: %s", path, e)

    def _path(self, name: str, hour: int) -> Path:
        known = hashlib.sha256(name.encode()).hexdigest()[:24]
        return self._folder / f"{known}-{hour:02d}.npz"


def _packed(model: OwnModel) -> bytes:
    arrays = io.BytesIO()
    np.savez(arrays, **_fields(model))
    return hashlib.sha256(arrays.getbuffer()).digest() + arrays.getvalue()


def _sound(packed: bytes) -> io.BytesIO:
    digest, arrays = packed[:DIGEST_BYTES], packed[DIGEST_BYTES:]
    if hashlib.sha256(arrays).digest() != digest:
        raise ValueError("it is not as it was written")
    return io.BytesIO(arrays)


def _fields(model: OwnModel) -> dict[str, Any]:
    direct = model.direct
    facts = {
        "layout": LAYOUT,
        "hour": direct.hour,
        "lowest": direct.lowest,
        "highest": direct.highest,
        "trained_to": model.trained_to.isoformat(),
        "columns": model.columns,
        "learnt_from": model.learnt_from,
        "tested_from": [t.isoformat() for t in model.tested_from],
    }
    arrays = {name: getattr(direct, name) for name in _ARRAYS}
    return {"facts": np.array(json.dumps(facts)), "said": model.said, **arrays}


def _model(fields: dict[str, Any]) -> OwnModel:
    facts = json.loads(str(fields["facts"]))
    if facts["layout"] != LAYOUT:
        raise ValueError(f"layout {facts['layout']}, not {LAYOUT}")
    return OwnModel(
        direct=DirectModel(
            hour=facts["hour"],
            lowest=facts["lowest"],
            highest=facts["highest"],
            **{name: fields[name] for name in _ARRAYS},
        ),
        trained_to=datetime.fromisoformat(facts["trained_to"]),
        columns=tuple(facts["columns"]),
        learnt_from=facts["learnt_from"],
        tested_from=tuple(map(datetime.fromisoformat, facts["tested_from"])),
        said=fields["said"],
    )

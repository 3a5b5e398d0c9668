"""A folder of traces that the benches of fleets are tried on."""

import numpy as np
import pytest


@pytest.fixture
def traces(tmp_path):
    """Return a folder with 150 jobs, and the lines of a table of six zones."""
    rng = np.random.default_rng(0)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "zones").mkdir()
    rows = "".join(
        f"{arrival},{length:.0f},{cpus}\n"
        for arrival, length, cpus in zip(
            np.sort(rng.integers(0, 90_000, 150)),
            rng.lognormal(8, 1, 150),
            rng.integers(1, 4, 150),
            strict=True,
        )
    )
    (tmp_path / "jobs" / "some.csv").write_text("arrival_time,length,cpus\n" + rows)
    names = ["A1", "B2", "C3", "D4", "E5", "F6"]
    lines = [f"datetime_utc,{','.join(names)}"]
    for hour in range(24 * 40):
        day = np.sin(2 * np.pi * (hour / 24 + np.arange(6) / 6))
        values = 200 * (2 + day) + 50 * rng.random(6)
        cells = ",".join(f"{value:.2f}" for value in values)
        lines.append(
            f"2023-{1 + hour // 720:02d}-{1 + hour // 24 % 30:02d} {hour % 24:02d}:00:00,{cells}"
        )
    return tmp_path, lines

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the demo's extra brings torch; `make demo-ready`")
pytest.importorskip("sklearn", reason="the demo's data come with scikit-learn")

EXAMPLE = Path(__file__).parents[2] / "examples" / "train_digits.py"


def test_the_example_learns_to_read_digits_and_is_measured(tmp_path):
    result = tmp_path / "out.json"
    options = [f"--json={result}", str(EXAMPLE), "--epochs=4"]
    done = subprocess.run(
        [sys.executable, "-m", "greenops", "wrap", *options],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    accuracy = float(done.stdout.split()[2].rstrip("%"))
    assert accuracy > 80
    assert "epoch  4/4" in done.stderr
    measured = json.loads(result.read_text())
    assert measured["energy_j"] > 0
    assert measured["emissions"]["total_g"] > 0

import json
import sys

import pytest

from greenops.energy.cpu_power import cpu_power
from tests.bench.cpu_model import main, read_sweeps, uncalibrated

HEADER = "cpu_name,cores_used,cpu_load,cpu_freq,rapl_energy,duration\n"
NAME = "AMD EPYC 7543P 32-Core Processor"


@pytest.fixture
def traces(tmp_path):
    """Two sweeps that the uncalibrated model itself has drawn."""
    folder = tmp_path / "cpu_power"
    folder.mkdir()

    def write(power_w):
        for kind, mhz in (("all", 1500), ("some", 3700)):
            rows = [
                f"{NAME},64,{u},{mhz},{power_w(u / 100, mhz / 1e3) * 30 / 3.6e6},30\n"
                for u in range(0, 101, 10)
            ]
            (folder / f"{kind}-sweep.csv").write_text(HEADER + "".join(rows))

    write(lambda _u, _ghz: 50.0)
    (sweep,) = read_sweeps(tmp_path)
    curve = uncalibrated(sweep)
    write(lambda u, ghz: cpu_power(curve, u, ghz).power_w)
    return tmp_path


def test_a_folder_without_sweeps_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"no \*-sweep\.csv"):
        read_sweeps(tmp_path)


def test_sweeps_of_one_cpu_are_joined_and_scored_once_per_method(
    traces, monkeypatch, capsys
):
    out = traces / "rows.json"
    monkeypatch.setattr(sys, "argv", ["x", "--traces", str(traces), "--json", str(out)])
    main()
    rows = {r.pop("method"): r for r in json.loads(out.read_text())}

    assert rows["uncalibrated"] == {"cpu": NAME, "mape_pct": 0.0, "cover_pct": 100.0}
    assert rows["calibrated"]["mape_pct"] < 5
    assert "TDP x load" in capsys.readouterr().out

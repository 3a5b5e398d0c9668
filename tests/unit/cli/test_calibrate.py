import json

import pytest
from click.testing import CliRunner

from greenops.cli.calibrate import calibrate
from greenops.energy.cpu_power import CpuCurve, cpu_power

METER = "load_pct,power_w,clock_ghz\n" + "".join(
    f"{u},{10 + 0.4 * u},3.0\n" for u in range(0, 101, 10)
)
SWEEP = "cpu_load,rapl_energy,duration,cpu_freq\n" + "".join(
    f"{u},{(10 + 0.4 * u) * 30 / 3.6e6},30,3000\n" for u in range(0, 101, 10)
)


def run(tmp_path, *arguments):
    output = tmp_path / "calibration.json"
    return CliRunner().invoke(calibrate, [*arguments, "--output", str(output)]), output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a,b\n1,2\n", "no load_pct", id="other columns"),
        pytest.param("load,power\n1,much\n", "power_w is no number", id="a word"),
        pytest.param("load,power\n1,2\n", "needs 5 points", id="too few"),
        pytest.param("", "needs 5 points", id="empty"),
    ],
)
def test_a_useless_file_is_refused_with_the_reason(tmp_path, text, message):
    file = tmp_path / "meter.csv"
    file.write_text(text)
    result, output = run(tmp_path, "--meter-csv", str(file))

    assert result.exit_code == 1
    assert message in result.output
    assert not output.exists()


def test_a_sweep_without_duration_is_refused(tmp_path):
    file = tmp_path / "sweep.csv"
    file.write_text("cpu_load,rapl_energy,duration\n10,1e-5,0\n")
    result, _ = run(tmp_path, "--from-sweep", str(file))

    assert "duration is not above zero" in result.output


def test_two_kinds_of_file_exclude_each_other(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text(METER)
    result, _ = run(tmp_path, "--meter-csv", str(file), "--from-sweep", str(file))

    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--meter-csv", METER),
        ("--meter-csv", METER.replace("load_pct,power_w", "load,power")),
        ("--from-sweep", SWEEP),
    ],
)
def test_points_from_a_file_become_a_calibration(tmp_path, option, text):
    file = tmp_path / "points.csv"
    file.write_text(text)
    result, output = run(tmp_path, option, str(file))

    assert result.exit_code == 0, result.output
    assert "11 points" in result.output
    curve = CpuCurve(**json.loads(output.read_text())["curve"])
    for load in (0.0, 0.5, 1.0):
        assert cpu_power(curve, load, 3.0).power_w == pytest.approx(
            10 + 40 * load, rel=0.25
        )


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    file = tmp_path / "meter.csv"
    file.write_text(METER)
    blocked = tmp_path / "file" / "calibration.json"
    blocked.parent.write_text("in the way")
    result = CliRunner().invoke(
        calibrate, ["--meter-csv", str(file), "--output", str(blocked)]
    )

    assert result.exit_code == 1
    assert "cannot keep the calibration" in result.output


def test_without_a_meter_the_remedies_are_listed(tmp_path, monkeypatch):
    import greenops.cli.calibrate as module
    from greenops.errors import SensorUnavailableError

    def closed(**_):
        raise SensorUnavailableError("closed", remedy="sudo open it")

    monkeypatch.setattr(module, "RaplSensor", closed)
    monkeypatch.setattr(module, "PerfEnergySensor", closed)
    result, output = run(tmp_path)

    assert result.exit_code == 1
    assert result.output.count("sudo open it") == 2
    assert "--meter-csv" in result.output
    assert not output.exists()

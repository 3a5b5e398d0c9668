"""From a wrapped job to its restated emissions, with a grid that revises its figures."""

import json
from datetime import UTC, datetime, timedelta

import pytest

PLUGIN = '''
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from greenops.errors import SignalError
from greenops.model import IntensityKind, IntensityPoint, Provenance, SignalTraits


class Figures:
    """Quarters of an hour from a file that its operator revises."""

    name = "figures"
    kind = IntensityKind.AVERAGE

    def __init__(self, path):
        self._path = Path(path)
        self.traits = SignalTraits(
            kind=self.kind, basis=None, resolution=timedelta(minutes=15),
            history=None, horizon=timedelta(0), attribution="an operator",
            offline=True,
        )

    @classmethod
    def from_settings(cls, settings):
        return cls(settings["file"])

    def intensity(self, zone, start, stop):
        said = json.loads(self._path.read_text())
        if zone != "DE" or "error" in said:
            raise SignalError(said.get("error", f"no figures of {zone}"))
        quarter = timedelta(minutes=15)
        first = datetime.fromtimestamp(start.timestamp() // 900 * 900, timezone.utc)
        points = []
        while first < stop:
            points.append(
                IntensityPoint(
                    start=first, stop=first + quarter, zone="DE", kind=self.kind,
                    intensity_g_per_kwh=said["g"], low_g_per_kwh=0.9 * said["g"],
                    high_g_per_kwh=1.1 * said["g"], source="an operator",
                    provenance=Provenance(said["provenance"]),
                    issued_at=datetime.fromisoformat(said["issued_at"]),
                )
            )
            first += quarter
        return points


class MarginalFigures(Figures):
    name = "marginal_figures"
    kind = IntensityKind.MARGINAL
'''
CONFIG = """
zone = "DE"
[signals]
order = ["figures"]
marginal_order = ["marginal_figures"]
[signals.figures]
file = "{home}/figures.json"
[signals.marginal_figures]
file = "{home}/marginal.json"
"""


@pytest.fixture
def operator(cli):
    """Install a signal for the program; return what changes the figures it gives."""
    site = cli.home / "site"
    facts = site / "figures-1.0.dist-info"
    facts.mkdir(parents=True)
    (site / "figures_plugin.py").write_text(PLUGIN)
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: figures\nVersion: 1.0\n"
    )
    (facts / "entry_points.txt").write_text(
        "[greenops.signals]\nfigures = figures_plugin:Figures\n"
        "marginal_figures = figures_plugin:MarginalFigures\n"
    )
    cli.env["PYTHONPATH"] = str(site)
    config = cli.home / "config" / "greenops"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(CONFIG.format(home=cli.home))

    def say(g, *, provenance="estimated", age=timedelta(minutes=20), name="figures"):
        issued_at = (datetime.now(UTC) - age).isoformat()
        said = {"g": g, "provenance": provenance, "issued_at": issued_at}
        (cli.home / f"{name}.json").write_text(json.dumps(said))

    say(800.0, name="marginal")
    say(400.0)
    return say


def emissions(cli):
    return json.loads(cli.run("show", "last", "--json", check=0).stdout)["emissions"]


def test_a_run_is_restated_when_the_operator_revises_its_figures(cli, operator):
    done = cli.run("wrap", "--", "sleep", "0.3", check=0)

    said = " ".join(done.stderr.split())
    assert "grid 400 g/kWh (360–440, estimated, 20 min" in said  # noqa: RUF001
    assert "marginal" in said
    assert "not to be added" in said
    first = emissions(cli)
    assert first["intensity_provenance"] == ["estimated"]
    assert first["intensity_issued_at"] is not None
    assert first["marginal"]["intensity_g_per_kwh"] == pytest.approx(800)
    assert first["marginal"]["operational_g"] == pytest.approx(
        2 * first["operational_g"]
    )
    assert first["total_g"] == pytest.approx(
        first["operational_g"] + first["embodied_g"]
    )

    operator(300.0, provenance="measured", age=timedelta(0))
    assert "1 run restated" in cli.run("restate", "--since", "1h", check=0).stdout

    now = emissions(cli)
    assert now["intensity_provenance"] == ["measured"]
    assert now["operational_g"] == pytest.approx(0.75 * first["operational_g"])
    assert now["embodied_g"] == first["embodied_g"]
    assert now["marginal"] == first["marginal"]
    stated = now["statements"]
    assert [s["operational_g"] for s in stated] == [
        first["operational_g"],
        now["operational_g"],
    ]
    page = cli.run("show", "last", check=0).stdout
    assert "400 g/kWh" in page
    assert "300 g/kWh" in page
    assert "nothing changed" in cli.run("restate", "--since", "1h", check=0).stdout


def test_a_marginal_figure_that_is_missing_costs_nothing_else(cli, operator):
    assert operator
    (cli.home / "marginal.json").write_text('{"error": "under repair"}')

    cli.run("wrap", "--", "sleep", "0.2", check=0)

    found = emissions(cli)
    assert found["marginal"] is None
    assert found["intensity_g_per_kwh"] == pytest.approx(400)


def test_a_source_that_is_down_gives_no_figure_and_leaves_the_job_alone(cli, operator):
    (cli.home / "figures.json").write_text('{"error": "under repair"}')

    done = cli.run("wrap", "--", "sh", "-c", "exit 3")

    assert done.returncode == 3
    assert "no emissions" in done.stderr
    assert emissions(cli) is None

    operator(400.0)
    result = cli.run("restate", "--run", "last", check=0)

    assert "there was no footprint yet" in " ".join(result.stdout.split())
    assert emissions(cli)["intensity_g_per_kwh"] == pytest.approx(400)


def test_old_figures_stay_when_the_source_is_down(cli, operator):
    assert operator
    cli.run("wrap", "--", "sleep", "0.2", check=0)
    first = emissions(cli)
    (cli.home / "figures.json").write_text('{"error": "under repair"}')

    done = cli.run("restate", "--run", "last")

    assert done.returncode == 1
    assert "under repair" in done.stderr
    assert emissions(cli) == first


def test_a_run_by_a_table_of_ones_own_is_restated_when_the_table_is(cli):
    config = cli.home / "config" / "greenops"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(
        'zone = "DE"\n[signals]\norder = ["csv", "annual"]\n'
        f'[signals.csv]\npath = "{cli.home}/grid.csv"\n'
    )
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def write(g):
        rows = [
            f"{hour + timedelta(hours=i):%Y-%m-%dT%H:%M:%SZ},DE,{g + i}"
            for i in range(-3, 2)
        ]
        text = "datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(rows) + "\n"
        (cli.home / "grid.csv").write_text(text)

    write(400.0)
    cli.run("wrap", "--", "sleep", "0.2", check=0)
    first = emissions(cli)
    assert first["intensity_g_per_kwh"] == pytest.approx(400, abs=1.5)
    write(200.0)

    cli.run("restate", "--run", "last", check=0)

    now = emissions(cli)
    assert now["intensity_g_per_kwh"] == pytest.approx(200, abs=1.5)
    assert [round(s["intensity_g_per_kwh"], -2) for s in now["statements"]] == [
        400,
        200,
    ]
    assert "nothing changed" in cli.run("restate", "--run", "last", check=0).stdout

"""Carbon signals as a user meets them: configured, asked, remembered, failing."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.webapi_server import Reply, closed_port, serving
from tests.webapi_server.sources import sources


@pytest.fixture
def configure(cli):
    """Write the user's configuration."""
    path = cli.home / "config" / "greenops" / "config.toml"
    path.parent.mkdir(parents=True)
    cli.env |= {"XDG_CACHE_HOME": str(cli.home / "cache"), "TZ": "UTC"}
    return lambda text: path.write_text(text)


def asking(name, url, order=("hourly_model", "annual")):
    quoted = ", ".join(f'"{n}"' for n in (name, *order))
    return (
        f'zone = "GB"\n[signals]\norder = [{quoted}]\n'
        f'[signals.{name}]\nbase_url = "{url}"\n'
    )


@pytest.fixture
def neso():
    """A played NESO on the loopback."""
    source = next(s for s in sources() if s.name == "neso")
    with serving(source) as server:
        yield server


def rows(cli, *options, check=0):
    return json.loads(cli.run("intensity", "--json", *options, check=check).stdout)


def test_a_configured_source_is_asked_once_by_all_processes(cli, configure, neso):
    configure(asking("neso", neso.url))

    first = rows(cli)
    asked = len(neso.requests)
    second = rows(cli)

    assert asked >= 1
    assert len(neso.requests) == asked
    assert first[0]["intensity_g_per_kwh"] == second[0]["intensity_g_per_kwh"]
    assert (
        "NESO" in first[0]["source"].upper() or "National Energy" in first[0]["source"]
    )
    assert first[0]["age_s"] is not None


def test_nothing_is_asked_of_a_source_that_no_order_names(cli, configure, neso):
    configure(f'zone = "GB"\n[signals.neso]\nbase_url = "{neso.url}"\n')

    rows(cli)
    found = cli.run("doctor", check=0).stdout

    assert neso.requests == []
    assert "neso" in found
    assert "in no order" in found


def test_what_is_kept_serves_when_the_source_has_died(cli, configure, neso):
    configure(asking("neso", neso.url))
    fresh = rows(cli)
    (kept,) = (cli.home / "cache").rglob("zone-*.json")
    document = json.loads(kept.read_text())
    for row in document["points"]:
        row[-1] -= 2 * 3600  # fetched two hours earlier
    document["asked"] = []
    kept.write_text(json.dumps(document))
    neso.answer = lambda _request: Reply(status=503)

    done = cli.run("intensity", "--json", check=0)
    (old,) = json.loads(done.stdout)

    assert old["intensity_g_per_kwh"] == fresh[0]["intensity_g_per_kwh"]
    assert old["high_g_per_kwh"] > fresh[0]["high_g_per_kwh"]
    assert "kept, 2 h old" in old["source"]
    assert "neso" in done.stderr
    again = cli.run("intensity", check=0)
    assert "National Energy System Operator" in again.stdout
    assert "it is asked again in" in again.stderr


def test_what_is_kept_may_be_anything_and_the_job_ends_as_it_would(
    cli, configure, neso
):
    configure(asking("neso", neso.url))
    rows(cli)
    (kept,) = (cli.home / "cache").rglob("zone-*.json")
    configure(asking("neso", closed_port()))
    other = kept.parent.with_name("neso-of-the-dead-port")
    (kept.parent).rename(other)
    cli.run("intensity", check=0)
    (folder,) = (d for d in other.parent.iterdir() if d != other)
    (folder / kept.name).write_text("[" * 200_000)
    (folder / "silences.json").write_text("[" * 200_000)

    done = cli.run("wrap", "--", "sh", "-c", "echo out; exit 4")

    assert done.returncode == 4
    assert done.stdout == "out\n"
    assert "modelled" in done.stderr


def test_with_nothing_kept_the_next_signal_answers_and_the_reason_is_said(
    cli, configure
):
    configure(asking("neso", closed_port()))

    done = cli.run("intensity", check=0)

    assert "modelled" in done.stdout
    assert "neso" in done.stderr


def test_without_any_answer_the_exit_status_says_so(cli, configure):
    configure(asking("neso", closed_port(), order=()))

    done = cli.run("intensity", check=1)

    assert done.stdout == ""
    assert "no average carbon intensity of GB: neso" in done.stderr


def test_a_missing_credential_is_said_with_its_remedy_and_nothing_is_sent(
    cli, configure
):
    source = next(s for s in sources() if s.name == "electricitymaps")
    with serving(source) as server:
        configure(asking("electricitymaps", server.url))

        found = json.loads(cli.run("doctor", "--json", check=0).stdout)

        assert server.requests == []
    by_name = {f["name"]: f for f in found if f["area"] == "signals"}
    assert by_name["electricitymaps"]["state"] == "absent"
    assert "no credential" in by_name["electricitymaps"]["detail"]
    assert by_name["electricitymaps"]["remedy"]
    assert by_name["hourly_model"]["state"] == "good"


def test_a_credential_never_reaches_the_disk(cli, configure):
    source = next(s for s in sources() if s.name == "electricitymaps")
    with serving(source) as server:
        configure(asking("electricitymaps", server.url).replace("GB", source.zone))
        cli.env["GREENOPS_ELECTRICITYMAPS_TOKEN"] = "s3cr3t-t0ken"

        rows(cli)

        assert server.requests
    written = [p for p in cli.home.rglob("*") if p.is_file()]
    assert any(p.name.startswith("zone-") for p in written)
    assert not any(b"s3cr3t-t0ken" in p.read_bytes() for p in written)


def test_past_hours_come_from_a_file_and_the_gap_from_the_next(cli, configure):
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    lines = [
        f"{now - timedelta(hours=h):%Y-%m-%dT%H:%M},FR,{100 + h}"
        for h in range(12, 0, -1)
    ]
    (cli.home / "fr.csv").write_text(
        "datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(lines)
    )
    configure('[signals]\norder = ["csv", "annual"]\n[signals.csv]\n'
              f'path = "{cli.home / "fr.csv"}"\n')  # fmt: skip

    found = rows(cli, "--zone", "FR", "--hours", "-24")

    assert found[0]["provenance"] == "annual average"
    assert {r["provenance"] for r in found[1:]} <= {"measured", "bridged"}
    assert all(a["stop"] == b["start"] for a, b in pairwise(found))


def test_marginal_needs_an_order_of_its_own(cli, configure):
    configure('zone = "GB"\n')

    done = cli.run("intensity", "--marginal", check=2)

    assert "signals.marginal_order" in done.stderr


def test_an_order_of_two_kinds_is_refused_and_doctor_says_so(cli, configure):
    configure('zone = "US-CA"\n[signals]\norder = ["watttime", "annual"]\n')

    assert "never mixed" in cli.run("intensity", check=2).stderr
    found = json.loads(cli.run("doctor", "--json").stdout)
    broken = [f for f in found if f["area"] == "signals" and f["state"] == "broken"]
    assert broken[0]["name"] == "signals.order"


def test_an_order_without_an_own_signal_is_pointed_out(cli, configure):
    configure(asking("neso", closed_port(), order=()))

    found = cli.run("doctor").stdout

    assert 'end signals.order with "hourly_model"' in found


def test_a_misspelt_signal_stops_no_command(cli, configure):
    configure('zone = "FR"\n[signals]\norder = ["nesso", "annual"]\n')

    done = cli.run("intensity", check=0)

    assert "annual average" in done.stdout
    assert "did you mean neso?" in done.stderr


def test_from_python(cli, configure):
    configure('zone = "FR"\n')
    code = (
        "import greenops\n"
        "here, there = greenops.intensity(), greenops.intensity('PL')\n"
        "assert here.zone == 'FR', here\n"
        "assert there.intensity_g_per_kwh > 2 * here.intensity_g_per_kwh\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=cli.env, cwd=cli.home)

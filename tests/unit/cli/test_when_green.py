"""`greenops wrap --when-green` as people meet it."""

import signal
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.timeout(300)  # real processes, one after the other


@pytest.fixture
def waiting(cli):
    """A home whose signal states dirty hours now and clean ones from a while on."""
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [
        f"{first + timedelta(hours=i):%Y-%m-%dT%H:%MZ},SE,{50 if 3 <= i < 9 else 900}"
        for i in range(72)
    ]
    path = cli.home / "hours.csv"
    path.write_text("datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(rows) + "\n")
    cli.env |= {"GREENOPS_ZONE": "SE", "XDG_CACHE_HOME": str(cli.home / "cache")}
    config = cli.home / "config" / "greenops" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[signals]\norder = ["csv"]\n[signals.csv]\npath = "{path}"\n')
    (cli.home / "train.py").write_text(
        "import pathlib, sys\npathlib.Path('ran').write_text(' '.join(sys.argv[1:]))\n"
        "sys.exit(3)\n"
    )
    return cli


def heard():
    """Hear SIGINT as at a terminal, where tests that run in the background do not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def said(process, word):
    """Wait until a line with `word` came on standard error; return it."""
    for line in process.stderr:
        if word in line:
            return line
    raise AssertionError(f"{word!r} was never said")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_waiting_starts_nothing(waiting, number):
    words = ("wrap", "--when-green", "--deadline", "20h", "--duration", "1h")
    process = waiting.start(
        *words, "train.py", stderr=subprocess.PIPE, text=True, preexec_fn=heard
    )
    guard = threading.Timer(100, process.kill)
    guard.start()
    try:
        line = said(process, "waits until")
        process.send_signal(number)
        rest = process.stderr.read()
        status = process.wait(100)
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        process.stderr.close()
    assert "which saves about" in line
    assert not (waiting.home / "ran").exists()
    assert not (waiting.home / "data" / "greenops" / "ledger.db").exists()
    if number == signal.SIGINT:
        assert status == 130
        assert "nothing was started" in rest
    else:
        assert status == -signal.SIGTERM


def test_when_its_time_has_come_it_is_wrapped_as_ever(waiting):
    done = waiting.run(
        *("wrap", "--when-green", "--deadline", "90s", "--duration", "40s"),
        *("--name", "fine", "--tag", "a=b", "--json", "out.json"),
        *("train.py", "--tag", "own", "--when-green"),
    )

    assert done.returncode == 3
    assert "starts now" in done.stderr
    assert (waiting.home / "ran").read_text() == "--tag own --when-green"
    shown = waiting.run("show", "last", "--json", check=0).stdout
    assert '"fine"' in shown
    assert '"a": "b"' in shown
    assert (waiting.home / "out.json").exists()


def test_without_a_forecast_it_starts_at_once_and_says_so(waiting):
    waiting.env["GREENOPS_ZONE"] = "NZ"  # of which the file has no hours

    done = waiting.run("wrap", "--when-green", "train.py")

    assert done.returncode == 3
    assert "nothing is known of the hours ahead" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["--deadline", "6h"], "goes with --when-green", id="alone"),
        pytest.param(
            ["--when-green", "--deadline", "10min", "--duration", "1h"],
            "earliest deadline that can be met",
            id="impossible",
        ),
        pytest.param(
            ["--when-green", "--deadline", "6h", "--by", "2099-01-01T00:00"],
            "one of --deadline",
            id="two limits",
        ),
        pytest.param(["--when-green", "--deadline", "soon"], "no duration", id="bad"),
        pytest.param(
            ["--when-green", "--by", "2020-01-01T00:00"], "has passed", id="past"
        ),
    ],
)
def test_bad_limits_are_status_2_and_start_nothing(waiting, words, message):
    done = waiting.run("wrap", *words, "train.py")

    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert not (waiting.home / "ran").exists()


def test_a_script_that_is_missing_is_told_before_anybody_waits(waiting):
    done = waiting.run("wrap", "--when-green", "missing.py")

    assert done.returncode == 2
    assert "no such script" in done.stderr

"""The example day: what a newcomer is told to type makes the plan that is told."""

import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
OPTIONS = ["--interruptible", "--deadline", "12h", "--duration", "100m", "--power=100"]


def test_a_job_is_planned_for_the_clean_hours_of_the_north(cli):
    day = cli.home / "green_day"
    day.mkdir()
    for name in ("config.toml", "places.toml", "hours.py"):
        shutil.copy(EXAMPLES / "green_day" / name, day)
    subprocess.run([sys.executable, str(day / "hours.py")], check=True)
    cli.env["GREENOPS_CONFIG"] = str(day / "config.toml")
    script = str(EXAMPLES / "train_resumable.py")
    said = cli.run("submit", "--dry-run", "--json", *OPTIONS, script, check=0)

    plan = json.loads(said.stdout)["plan"]
    assert plan["place"] == "north"
    starts = datetime.fromisoformat(plan["segments"][0]["start"])
    assert (starts.minute, starts.second // 30) == (0, 0)
    assert not (day / "home" / "ledger.db").exists()

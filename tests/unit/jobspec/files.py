"""Job and place files for tests: whole ones, to be spoiled one key at a time."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)

JOB = """
[[job]]
name = "pretrain"
workload = "train"
duration_h = 6
power_w = 1200
home = "lab"
max_delay_h = 24
"""
PLACES = """
[[place]]
name = "lab"
zone = "DE"

[[place]]
name = "cloud"
zone = "SE"
private = false
"""
EVERY_JOB_KEY = """
[[job]]
name = "pretrain"
workload = "train"
duration_min = 90
duration_low_min = 60
duration_high_min = 120
home = "lab"
earliest = 2026-03-02T09:00:00Z
deadline = 2026-03-03T18:00:00+01:00
late_g_per_h = 50
gpus = 4
cpus = 16
memory_gib = 64.5
interruptible = true
checkpoint_gb = 12
places = ["lab", "cloud"]
needs_tags = ["EU"]
shuns_tags = "spot"
private = true
priority = -3
project = "vision"
scaling = [0.3, 0.55, 0.8, 1]
pause = {save_s = 60, resume_s = 90, energy_wh = 20, min_run_min = 30, at_most = 2}

[[job.phase]]
share = 0.25
power_w = 200

[[job.phase]]
share = 0.75
power_w = 1000

[[job.data]]
name = "corpus"
size_gb = 150
at = "lab"

[[job.data]]
name = "labels"
size_gb = 1
at = ["lab", "cloud"]

[budgets_kg]
vision = 12.5
"""


def changed(text, **keys):
    """Return a file with keys of its first table set to raw TOML; None leaves out."""
    lines = []
    head = False
    for line in text.splitlines():
        name = line.partition("=")[0].strip()
        if name in keys:
            continue
        lines.append(line)
        if line.startswith("[[") and not head:
            head = True
            lines += [f"{k} = {v}" for k, v in keys.items() if v is not None]
    return "\n".join(lines) + "\n"

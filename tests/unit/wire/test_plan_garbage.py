"""Whatever two files hold: a plan, a refusal, or a complaint. Never a traceback."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from greenops.cli.plan_screen import Screen
from greenops.config import Config
from greenops.errors import GreenopsError
from greenops.jobspec.job_keys import JobKeys
from greenops.jobspec.place_keys import PlaceKeys
from greenops.report.look import Look
from greenops.report.plan_document import plans_to_dict
from greenops.wire.plan import Asked, plan_files
from tests.unit.jobspec.files import JOB, PLACES, changed
from tests.unit.report.forecasts import forecast

NUMBERS = st.sampled_from(
    ("0", "1", "1e-300", "1e-9", "0.5", "3", "24", "168", "169.5", "8784", "1e9", "nan")
)
TEXTS = {
    "workload": ("'train'", "'infer'"),
    "home": ("'lab'", "'cloud'"),
    "name": ("'a'", "'\\u001b[2J'"),
    "earliest": ("9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z", "2199-01-01T00:00:00Z"),
    "deadline": ("9999-12-31T23:00:00Z", "2199-01-01T00:00:00"),
    "interruptible": ("true", "false"),
    "private": ("true", "false"),
    "reserved": ("true", "false"),
    "pause": (
        "{save_s = 1e9}", "{resume_s = 1e-9}", "{energy_wh = 1e9}", "{min_run_min = 1e9}",
        "{at_most = 0}", "{min_run_min = 60, at_most = 3}",
    ),
    "phase": (
        "[{share = 1, power_w = 1e9}]",
        "[{share = 1e-7, power_w = 1}, {share = 0.9999999, power_w = 1e9}]",
        "[{share = 0.5, power_w = 1e-300}, {share = 0.5, power_w = 5}]",
    ),
    "data": (
        "[{name = 'x', size_gb = 1e9, at = 'cloud'}]",
        "[{name = 'x', size_gb = 0, at = ['lab', 'cloud']}]",
    ),
    "link": (
        "[{to = 'cloud', gb_per_s = 1e-300}]", "[{to = 'lab', wh_per_gb = 1e9}]",
        "[{to = 'cloud', wh_per_gb = 0, gb_per_s = 1e9}, {to = 'cloud'}]",
    ),
    "free": (
        "[]", "[{start = 0001-01-02T00:00:00Z, stop = 9999-12-30T00:00:00Z, gpus = 4}]",
        "[{start = 2199-01-01T00:00:00Z, stop = 2199-01-01T00:00:01Z, gpus = 4}]",
    ),
    "places": ("['lab']", "['cloud', 'lab']"),
    "needs_tags": ("['EU']", "[]"),
    "shuns_tags": ("['EU']",),
    "tags": ("['EU']",),
    "scaling": ("[1]", "[1e-300, 1e9]", "[0.5, 1, 1.2]"),
    "zone": ("'DE'", "'world'", "'SE'"),
    "trace": ("'x'",),
    "project": ("'p'",),
}  # fmt: skip


def keys(model, keep):
    """Draw up to five keys of a table, with values that are right or nearly so."""
    values = {
        name: st.sampled_from(TEXTS[name]) if name in TEXTS else NUMBERS
        for name in model.model_fields
        if name not in keep
    }
    return st.lists(st.sampled_from(sorted(values)), max_size=5, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({n: values[n] for n in names})
    )


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Hours without a habit of their own: what is planned with is another test's."""

    def forecast_zone(_signal, zone, _config, *, now, **_options):
        first = now.replace(minute=0, second=0, microsecond=0)
        values = [0.0 if i == 7 else 100.0 + 10 * (i % 24) for i in range(168)]
        return forecast(values, start=first, zone=zone)

    monkeypatch.setattr("greenops.wire.plan_outlook.forecast_zone", forecast_zone)


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(job=keys(JobKeys, ()), place=keys(PlaceKeys, ("name",)), price=st.booleans())
def test_no_two_files_are_a_traceback(tmp_path, job, place, price):
    asked = Asked(
        jobs=tmp_path / "job.toml",
        places=tmp_path / "places.toml",
        price_per_t=80.0 if price else None,
    )
    Path(asked.jobs).write_text(changed(JOB, **job))
    Path(asked.places).write_text(changed(PLACES, **{"free_gpus": 8} | place))
    try:
        planned = plan_files(asked, Config())
    except GreenopsError:
        event("a complaint")
        return
    event("a plan" if planned.plans else f"refused: {planned.refusals[0].binding}")
    assert "\n".join(Screen(planned, Look(width=80), UTC).lines())
    assert plans_to_dict(planned)["schema"]
    for plan in planned.plans:
        assert plan.chosen.start >= planned.made_at
        if planned.jobs[0].hard:
            assert plan.chosen.stop <= planned.jobs[0].deadline
    assert datetime.now(UTC) >= planned.made_at

from datetime import timedelta

import pytest

from greenops.config import Config
from greenops.errors import ConfigError
from greenops.wire.plan import Asked, plan_files
from tests.unit.forecast.grids import FIRST, habitual
from tests.unit.jobspec.files import JOB, PLACES, changed
from tests.unit.wire.test_traces import write

SEEN = PLACES.replace('zone = "DE"', 'zone = "DE"\nfree_gpus = 8')
MOMENT = FIRST + timedelta(days=20, hours=8)


@pytest.fixture
def asked(tmp_path):
    """Return a question about two files, by default a replay of two zones."""
    write(
        tmp_path / "hours" / "h.csv", {"DE": habitual(30), "SE": habitual(30, level=40)}
    )

    def ask(job, places=SEEN, **options):
        (tmp_path / "job.toml").write_text(job)
        (tmp_path / "places.toml").write_text(places)
        whole = {"replay": tmp_path / "hours", **options}
        return Asked(
            jobs=tmp_path / "job.toml", places=tmp_path / "places.toml", **whole
        )

    return ask


def at(moment, **keys):
    return changed(JOB, earliest=f"{moment:%Y-%m-%dT%H:%M:%SZ}", **keys)


def test_complaints_of_both_files_come_together(asked):
    with pytest.raises(ConfigError) as e:
        plan_files(asked(at(MOMENT, gpus="-1"), changed(SEEN, pue=0.1)), Config())

    assert "places.toml:" in str(e.value)
    assert "job.toml:" in str(e.value)


def test_a_place_that_is_wrong_is_no_unknown_home(asked):
    with pytest.raises(ConfigError) as e:
        plan_files(asked(at(MOMENT), changed(SEEN, pue=0.1)), Config())

    assert "no place" not in str(e.value)


def test_a_replay_without_a_moment_says_first_what_is_wrong_with_the_places(asked):
    with pytest.raises(ConfigError, match="no table") as e:
        plan_files(asked(JOB, places=""), Config())

    assert "places.toml" in str(e.value)


def test_several_jobs_are_replayed_from_the_first_of_their_moments(asked):
    jobs = at(MOMENT, name='"a"') + at(MOMENT - timedelta(hours=5), name='"b"')

    planned = plan_files(asked(jobs), Config())

    assert planned.made_at == MOMENT - timedelta(hours=5)
    assert planned.came.keys() == {"a", "b"}
    starts = {p.job: p.chosen.start for p in planned.plans}
    assert starts["a"] >= MOMENT


def test_jobs_share_what_is_free_and_none_is_promised_twice(asked):
    """Eight GPUs take two jobs of four at a time, not three."""
    jobs = "".join(at(MOMENT, name=f'"{i}"', gpus=4) for i in range(3))

    planned = plan_files(asked(jobs), Config())

    for plan in planned.plans:
        for moment in (plan.chosen.start, plan.chosen.stop - timedelta(seconds=1)):
            running = [
                p.job
                for p in planned.plans
                if p.chosen.place == "lab" and p.chosen.start <= moment < p.chosen.stop
            ]
            assert len(running) <= 2
    assert len(planned.plans) == 3


def test_the_option_s_budget_goes_before_the_file_s(asked):
    job = at(MOMENT, project='"vision"') + "[budgets_kg]\nvision = 1\nother = 2\n"

    planned = plan_files(asked(job, budgets_g={"vision": 9e6}), Config())

    assert planned.objective.budgets_g == {"vision": 9e6, "other": 2000.0}


def test_what_came_after_the_last_hour_is_not_known_and_said(asked):
    four_hours_left = FIRST + timedelta(days=29, hours=20)

    planned = plan_files(asked(at(four_hours_left)), Config())

    assert len(planned.plans) == 1
    assert planned.came == {}
    assert "what pretrain came to is not known" in planned.notes[-1]


def test_a_replay_counts_the_plan_with_what_came(asked):
    planned = plan_files(asked(at(MOMENT, interruptible="true")), Config())

    (plan,), came = planned.plans, planned.came["pretrain"]
    assert came.oracle is not None
    assert came.oracle.cost.total_g.central <= came.chosen.total_g.central + 1e-6
    # The habit of these hours has no noise: only the weekend comes otherwise.
    assert came.chosen.total_g.central == pytest.approx(
        plan.chosen.cost.total_g.central, rel=0.3
    )

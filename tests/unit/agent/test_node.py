from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from greenops.agent.found_jobs import GOES_ON, UNKNOWN_END
from greenops.model import Reading, RunStatus
from tests.unit.agent.node_bench import CPU, GPU, START, WRAPPED, A, B, Node


def approx(*lines):
    return pytest.approx(lines, abs=1e-6)


def test_a_sensor_that_fails_leaves_a_gap_that_its_counter_spans_and_never_a_zero():
    node = Node(CPU)
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(5)
    node.meter.broken.add(CPU.device_id)
    node.go_on(10)
    node.meter.broken.clear()
    node.go_on(5)

    assert node.close().lines()[0] == pytest.approx(200.0)


def test_a_device_that_never_answers_has_no_line_at_all():
    node = Node(CPU, GPU)
    node.meter.broken.add(GPU.device_id)
    node.meter.power_w = {CPU.device_id: 10.0, GPU.device_id: 50.0}
    node.go_on(10)

    assert node.close().lines(GPU)[0] == 0
    assert {e.device for e in node.ledger.energies.values()} == {CPU}


def test_what_a_lost_gpu_drew_until_then_stays():
    node = Node(CPU, GPU)
    node.meter.power_w = {CPU.device_id: 1.0, GPU.device_id: 50.0}
    node.go_on(10)
    node.meter.known.remove(GPU)
    node.go_on(10)

    assert node.close().lines(GPU) == approx(500, 0, 0, 500, 0)


def test_an_idle_node_is_idle():
    node = Node(CPU, GPU)
    node.meter.power_w = {CPU.device_id: 40.0, GPU.device_id: 60.0}
    node.go_on(20)

    assert node.close().lines() == approx(2000, 0, 0, 2000, 0)


def test_what_the_system_uses_is_unattributed_for_the_time_it_uses():
    node = Node(CPU, cpus=4)
    node.meter.power_w[CPU.device_id] = 40.0
    node.go_on(20, system_s=1.0)

    assert node.close().lines() == approx(800, 0, 0, 600, 200)


def test_two_jobs_become_two_runs_in_the_ratio_of_their_cpu_time():
    node = Node(CPU, cpus=4)
    node.meter.power_w[CPU.device_id] = 100.0
    node.jobs.alive = {A: 1, B: 3}
    node.go_on(30, each={A: 0.5, B: 1.5})
    node.close()

    runs = node.runs()
    assert runs["resnet"].totals[0].job_energy_j == pytest.approx(750.0)
    assert runs["python"].totals[0].job_energy_j == pytest.approx(2250.0)
    assert runs["resnet"].totals[0].node_energy_j == pytest.approx(3000.0)
    assert node.lines() == approx(3000, 0, 3000, 0, 0)


def test_a_found_run_begins_where_it_was_first_seen_and_not_where_it_was_worth_one():
    node = Node(CPU)
    node.go_on(10)
    node.jobs.alive = {A: 1}
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(20, each={A: 1.0})

    (run,) = node.close().runs().values()

    assert run.run.started_at == START + timedelta(seconds=10)
    assert run.end.duration_s == pytest.approx(20)
    samples = list(node.ledger.samples(run.run.run_id))
    assert samples[0].start_epoch_s == pytest.approx(run.run.started_at.timestamp())
    assert sum(s.job_energy_j for s in samples) == pytest.approx(200.0)
    assert sum(u.cpu_s for u in node.ledger.job_use(run.run.run_id)) == pytest.approx(
        20
    )


def test_a_short_job_is_no_run_and_its_energy_is_not_lost():
    node = Node(CPU, cpus=1)
    node.meter.power_w[CPU.device_id] = 10.0
    node.jobs.alive = {A: 1}
    node.go_on(5, each={A: 1.0})
    node.jobs.alive = {A: 0}
    node.go_on(15)

    assert node.close().runs() == {}
    assert node.lines() == approx(200, 0, 0, 150, 50)


def test_who_hardly_uses_a_processor_is_no_run_and_leaves_the_node_idle():
    node = Node(CPU, cpus=4)
    node.meter.power_w[CPU.device_id] = 10.0
    node.jobs.alive = {A: 1}
    node.go_on(100, each={A: 0.04})

    assert node.close().runs() == {}
    assert node.lines() == approx(1000, 0, 0, 990, 10)


def test_a_notebook_becomes_a_run_with_the_work_and_not_with_the_day():
    node = Node(CPU)
    node.jobs.alive = {A: 1}
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(95, each={A: 0.01})
    node.go_on(25, each={A: 1.0})

    (run,) = node.close().runs().values()

    assert START + timedelta(seconds=80) <= run.run.started_at
    assert run.run.started_at <= START + timedelta(seconds=95)


def test_who_holds_a_gpu_is_a_run_though_it_hardly_uses_a_processor():
    node = Node(GPU)
    node.meter.power_w[GPU.device_id] = 300.0
    node.meter.listed = {GPU.device_id: {10: 0.5}}
    node.jobs.owners, node.jobs.alive = {10: A}, {A: 1}
    node.go_on(20)

    assert node.close().lines() == approx(6000, 0, 6000, 0, 0)
    assert node.runs()["resnet"].totals[0].job_energy_j == pytest.approx(6000)


def test_a_gpu_of_two_jobs_is_divided_by_their_busy_time():
    node = Node(GPU)
    node.meter.power_w[GPU.device_id] = 400.0
    node.meter.listed = {GPU.device_id: {10: 0.25, 11: 0.75}}
    node.jobs.owners, node.jobs.alive = {10: A, 11: B}, {A: 1, B: 1}
    node.go_on(20)

    runs = node.close().runs()

    assert runs["resnet"].totals[0].job_energy_j == pytest.approx(2000)
    assert runs["python"].totals[0].job_energy_j == pytest.approx(6000)


def test_a_gpu_that_works_for_nobody_who_is_seen_is_not_idle():
    node = Node(GPU)
    node.meter.power_w[GPU.device_id] = 100.0
    node.meter.utilization = {GPU.device_id: 0.8}
    node.go_on(10)
    node.meter.listed = {GPU.device_id: {99: 1.0}}
    node.go_on(10)

    assert node.close().lines() == approx(2000, 0, 0, 0, 2000)


def test_what_is_measured_by_itself_has_its_own_line_and_becomes_no_run():
    node = Node(CPU, GPU, cpus=2)
    node.meter.power_w = {CPU.device_id: 10.0, GPU.device_id: 100.0}
    node.meter.listed = {GPU.device_id: {10: 1.0}}
    node.jobs.owners, node.jobs.alive = {10: WRAPPED}, {WRAPPED: 2, A: 1}
    node.go_on(20, each={WRAPPED: 1.5, A: 0.5})

    assert node.close().lines(GPU) == approx(2000, 2000, 0, 0, 0)
    assert node.lines(CPU) == approx(200, 150, 50, 0, 0)
    assert set(node.runs()) == {"resnet"}


def test_a_measured_job_pays_for_its_idle_gpu():
    node = Node(GPU)
    node.meter.power_w[GPU.device_id] = 60.0
    node.jobs.reserves = {GPU.device_id}
    node.go_on(10)

    assert node.close().lines() == approx(600, 600, 0, 0, 0)


def test_the_lines_add_up_to_the_node_whatever_happens_on_it():
    node = Node(CPU, GPU, cpus=8)
    node.meter.power_w = {CPU.device_id: 123.0, GPU.device_id: 77.0}
    node.jobs.owners = {10: A, 11: WRAPPED}
    node.jobs.alive = {A: 1, B: 2, WRAPPED: 1}
    for second in range(40):
        node.meter.listed = {
            GPU.device_id: [None, {}, {10: 0.3, 11: 0.6, 12: 0.1}][second % 3]
        }
        node.go_on(1, each={A: second % 2, B: 0.7, WRAPPED: 2.0}, system_s=0.4)
    energy_j, *lines_j = node.close().lines()

    assert energy_j == pytest.approx(40 * 200)
    assert sum(lines_j) == pytest.approx(energy_j)
    assert min(lines_j) > 0
    found_j = sum(t.job_energy_j for r in node.runs().values() for t in r.totals)
    assert found_j == pytest.approx(lines_j[1])


def test_a_run_ends_when_its_processes_are_gone_and_how_is_not_known():
    node = Node(CPU)
    node.meter.power_w[CPU.device_id] = 10.0
    node.jobs.alive = {A: 1}
    node.go_on(20, each={A: 1.0})
    node.jobs.alive = {A: 0}
    node.go_on(5)

    run = node.runs()["resnet"]

    assert (run.status, run.end.exit_code) == (RunStatus.FINISHED, None)
    assert run.end.duration_s == pytest.approx(25)
    assert run.end.notes[0] == UNKNOWN_END
    assert "no emissions: the grid is not asked here" in run.end.notes


def test_a_run_that_is_left_out_of_a_scan_has_ended():
    node = Node(CPU)
    node.jobs.alive = {A: 1}
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(20, each={A: 1.0})
    node.jobs.alive = {}
    node.go_on(5)

    assert node.runs()["resnet"].status is RunStatus.FINISHED


def test_a_run_that_goes_on_when_the_sampler_ends_says_so():
    node = Node(CPU)
    node.jobs.alive = {A: 1}
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(20, each={A: 1.0})

    assert node.close().runs()["resnet"].end.notes[0] == GOES_ON
    assert node.meter.closed


def test_a_footprint_is_asked_for_with_the_energy_of_each_hour():
    node = Node(CPU, start=datetime(2026, 3, 1, 11, 59, 50, tzinfo=UTC))
    node.jobs.alive = {A: 1}
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(30, each={A: 1.0})
    node.close()

    ((_, totals, hours, duration_s),) = node.assessed
    assert [h.energy_j for h in hours] == pytest.approx([100, 200])
    assert (totals[0].job_energy_j, duration_s) == (
        pytest.approx(300),
        pytest.approx(30),
    )


def test_each_hour_has_its_own_row_and_a_stretch_across_is_split_by_time():
    node = Node(CPU, start=datetime(2026, 3, 1, 11, 59, 57, tzinfo=UTC))
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(10)
    node.close()

    kept = sorted(node.ledger.energies.values(), key=lambda e: e.hour)
    assert [e.hour.hour for e in kept] == [11, 12]
    assert [e.energy_j for e in kept] == pytest.approx([30, 70])
    assert [e.covered_s for e in kept] == pytest.approx([3, 7])


def test_the_balance_is_written_while_it_goes_on_and_each_row_replaces_itself():
    node = Node(CPU)
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(20)
    early = list(node.ledger.energies.values())
    node.go_on(40)

    assert [e.energy_j for e in early] == pytest.approx([200])
    assert node.lines()[0] == pytest.approx(600)
    assert len(node.ledger.energies) == 1


def test_a_clock_that_is_set_back_moves_no_energy_and_loses_none():
    node = Node(CPU)
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(20)
    node.clock.set_wall(START - timedelta(hours=3))
    node.go_on(40)
    node.clock.set_wall(START + timedelta(seconds=60))
    node.go_on(40)

    assert node.close().lines()[0] == pytest.approx(1000)
    assert {e.hour.hour for e in node.ledger.energies.values()} == {8, 11}


def test_what_a_machine_draws_asleep_is_nobodys_and_the_runs_go_on():
    node = Node(CPU, cpus=1)
    node.meter.power_w[CPU.device_id] = 10.0
    node.jobs.alive = {A: 1}
    node.go_on(20, each={A: 1.0})
    node.asleep_s += 3600.0
    node.clock.set_wall(START + timedelta(seconds=3620))
    node.meter.counter_j[CPU.device_id] += 9e5
    node.go_on(20, each={A: 1.0})
    node.close()

    assert node.lines()[0] == pytest.approx(400, abs=15)
    assert len(node.runs()) == 1


def test_a_scan_without_the_time_of_the_processors_waits_for_the_next_one():
    node = Node(CPU, cpus=4)
    node.meter.power_w[CPU.device_id] = 10.0
    node.jobs.alive = {A: 1}
    node.go_on(10, each={A: 2.0})
    node.jobs.fails = True
    node.go_on(5, each={A: 2.0})
    node.jobs.fails = False
    node.go_on(5, each={A: 2.0})

    assert node.close().lines() == approx(200, 0, 200, 0, 0)


def test_without_discovery_all_is_idle_or_unattributed():
    node = Node(CPU, GPU, discover=False, cpus=4)
    node.meter.power_w = {CPU.device_id: 10.0, GPU.device_id: 60.0}
    node.meter.listed = {GPU.device_id: {10: 1.0}}
    node.go_on(20, system_s=1.0)

    assert node.close().lines(CPU) == approx(200, 0, 0, 150, 50)
    assert node.lines(GPU) == approx(1200, 0, 0, 0, 1200)


def test_a_time_that_does_not_climb_is_passed_over():
    node = Node(CPU)
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(10)
    node.tick()
    node.sampler.tick(node.clock.monotonic() - 5, node.clock.time())

    assert node.close().lines()[0] == pytest.approx(100)


def test_it_may_be_closed_twice():
    node = Node(CPU)
    node.go_on(5)

    assert node.close().lines() == node.close().lines()


def test_on_a_machine_without_sensors_the_energy_of_a_job_is_unknown_and_not_zero():
    node = Node()
    node.jobs.alive = {A: 1}
    node.go_on(20, each={A: 1.0})

    (run,) = node.close().runs().values()

    assert (run.totals, run.footprint) == ((), None)
    assert node.ledger.energies == {}


def test_what_is_amiss_is_said_once():
    assert Node(CPU).sampler.problems() == [
        "no rapl",
        "some are hidden",
        "the meter is odd",
    ]


def test_a_device_whose_source_changes_gets_a_row_of_its_own():
    node = Node(CPU)
    node.meter.power_w[CPU.device_id] = 10.0
    node.go_on(10)
    node.sampler._watch.devices[CPU.device_id].device = replace(CPU, source="perf")
    node.go_on(10)
    node.close()

    assert sorted(e.device.source for e in node.ledger.energies.values()) == [
        "perf",
        "rapl",
    ]
    assert node.lines()[0] == pytest.approx(200)


def test_counted_devices_need_no_looks_between_the_ticks():
    node = Node(CPU)
    node.go_on(3)

    assert (node.sampler.jitter, node.sampler.glance_s) == (False, None)


def test_a_device_that_shows_mere_moments_is_looked_at_between_the_ticks():
    node = Node(GPU)
    node.sampler._watch.sensors = [Moments()]
    for second in range(1, 11):
        node.clock.sleep(0.5)
        node.sampler.glance(node.clock.monotonic())
        node.clock.sleep(0.5)
        node.tick()
        assert node.sampler.glance_s is not None, second
    node.close()

    assert node.lines()[0] == pytest.approx(200 * 10, rel=0.1)


class Moments:
    """A GPU that draws 100 W at each tick, and 300 W whenever one looks in between."""

    name = "moments"

    def devices(self):
        return [GPU]

    def read(self, _at_s):
        return [Reading(device_id=GPU.device_id, power_w=100.0)]

    def glance(self, _at_s):
        return [Reading(device_id=GPU.device_id, power_w=300.0)]

    def close(self):
        pass

"""Puts together the sampling of this node, as configured."""

import os
from datetime import UTC, datetime

from greenops.agent.found_jobs import Worth
from greenops.agent.found_run import Describe, Instant
from greenops.agent.node import NodeSampler
from greenops.agent.node_parts import NodeParts, NodeRules
from greenops.config import Config
from greenops.errors import SensorUnavailableError
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import Identity, IdentityKind, Run
from greenops.model.masking import masked
from greenops.ports import Discovery
from greenops.sensors.node_cpu import open_node_cpu
from greenops.sensors.process_scan import ProcessScan
from greenops.tracking import identity as who
from greenops.wire.account import assessor, machine_facts
from greenops.wire.grid import Grid
from greenops.wire.parts import OpenSensors, open_sensors
from greenops.wire.start import run_name
from greenops.wire.zone import with_zone

KIND = "found"
METHOD = "process table"


def open_node_sampler(config: Config, *, at_s: float, epoch_s: float) -> NodeSampler:
    """Return the sampler of this node: all its devices, whoever uses them.

    It is to be called every `config.interval_s`. Emissions of the jobs it finds come
    from this machine's own signals, as it must not wait for a network;
    `greenops restate` asks the others.

    Args:
        config: The settings in force.
        at_s: Monotonic time now, in s.
        epoch_s: UTC epoch seconds now.

    Raises:
        SensorUnavailableError: this system does not even tell CPU time.
    """
    node_cpu = open_node_cpu()
    found = open_sensors(config, every_gpu=True)
    if not found.sensors:
        found.problems.append("nothing here can be measured; see `greenops doctor`")
    config, _ = with_zone(config, found.problems)
    discovery = _discovery(found, float(node_cpu.capacity))
    recorder = LedgerRecorder(config.ledger_path)
    parts = NodeParts(
        host=who.host_name(),
        cpus=float(node_cpu.capacity),
        sensors=found.sensors,
        node_cpu=node_cpu,
        discovery=discovery,
        recorder=recorder,
        book=recorder,
        describe=describer(config, discovery, found),
        assess=assessor(config, grid=Grid(config, offline=True)),
        problems=found.problems,
    )
    return NodeSampler(parts, rules_of(config), at_s=at_s, epoch_s=epoch_s)


def rules_of(config: Config) -> NodeRules:
    """Return how often is looked at what, as configured."""
    return NodeRules(
        interval_s=config.interval_s,
        scan_s=max(config.node_scan_s, config.interval_s),
        worth=Worth(after_s=config.node_found_after_s, cpus=config.node_found_min_cpus),
    )


def describer(
    config: Config, discovery: Discovery | None, found: OpenSensors
) -> Describe:
    """Return what makes the records of runs that are found.

    Project, team and tags of the configuration are those of whoever runs greenops, not
    of these jobs.
    """

    def describe(identity: Identity, since: Instant) -> Run:
        facts = discovery.facts(identity) if discovery else None
        command = facts.command if facts else ()
        by_program = identity.kind is IdentityKind.PROCESS and command
        return Run(
            run_id=who.new_run_id(since.epoch_s),
            name=run_name(command) if by_program else (facts or identity).name,
            kind=KIND,
            command=masked(command),
            cwd=facts.cwd if facts else "",
            host=who.host_name(),
            user=facts.user if facts else "",
            started_at=datetime.fromtimestamp(since.epoch_s, UTC),
            pid=facts.pid if facts else 0,
            recorder_pid=os.getpid(),
            recorder_started_s=who.process_started_s(os.getpid()),
            boot_id=who.boot_id(),
            interval_s=config.interval_s,
            zone=config.zone,
            pue=config.pue,
            tags={"found_as": str(identity.kind), "found_id": identity.id},
            machine=machine_facts(found.sensors, METHOD),
        )

    return describe


def _discovery(found: OpenSensors, cpus: float) -> Discovery | None:
    try:
        return ProcessScan(cpus=cpus)
    except SensorUnavailableError as e:
        found.problems.append(f"{e}; remedy: {e.remedy}")
        return None

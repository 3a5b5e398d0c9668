"""The state file of the simulated library, field by field as in `nvml_sim.h`."""

import ctypes
from typing import Any, ClassVar

MAGIC = 0x4E564D31
MAX_GPUS, MAX_SEGMENTS, MAX_PROCESSES = 16, 1024, 64
MAX_MIG, MAX_RULES, MAX_FUNCTIONS, NAME_BYTES = 7, 64, 64, 96

Fields = list[tuple[str, Any]]
_F64, _U32, _I32, _U64 = (
    ctypes.c_double,
    ctypes.c_uint32,
    ctypes.c_int32,
    ctypes.c_uint64,
)
_NAME = ctypes.c_char * NAME_BYTES


def _all(kind: Any, names: str) -> Fields:
    return [(name, kind) for name in names.split()]


class Segment(ctypes.Structure):
    """Linear power from `start_s` after the epoch."""

    _fields_: ClassVar[Fields] = _all(_F64, "start_s duration_s watts0 watts1 energy_j")


class Process(ctypes.Structure):
    """One process on a GPU."""

    _fields_: ClassVar[Fields] = [
        ("memory_bytes", _U64),
        *_all(_U32, "pid kind sm_percent gpu_instance compute_instance unused"),
    ]


class Mig(ctypes.Structure):
    """One MIG instance."""

    _fields_: ClassVar[Fields] = [
        ("uuid", _NAME),
        ("memory_mb", _U64),
        *_all(_U32, "gpu_instance compute_instance slices multiprocessors"),
    ]


class Gpu(ctypes.Structure):
    """One board."""

    _fields_: ClassVar[Fields] = [
        *_all(_NAME, "uuid name"),
        *_all(_F64, "epoch_s cycle_s cycle_j before_w after_w counter_at_epoch_j"),
        *_all(_F64, "counter_update_s power_update_s update_phase_s"),
        *_all(_F64, "plain_window_s average_window_s instant_window_s"),
        *_all(_U64, "memory_total_bytes memory_used_bytes"),
        *_all(_U32, "present architecture capability_major capability_minor"),
        *_all(_U32, "limit_mw max_limit_mw temperature_c utilization_percent"),
        *_all(_U32, "mig_mode mig_count process_count segment_count"),
        ("mig", Mig * MAX_MIG),
        ("processes", Process * MAX_PROCESSES),
        ("segments", Segment * MAX_SEGMENTS),
    ]


class Rule(ctypes.Structure):
    """A delay or an answer for calls of one function."""

    _fields_: ClassVar[Fields] = [
        ("function", _NAME),
        *_all(_F64, "from_s until_s latency_s"),
        *_all(_I32, "gpu code remaining unused"),
    ]


class Function(ctypes.Structure):
    """How often one function was called, by all processes together."""

    _fields_: ClassVar[Fields] = [("name", _NAME), ("calls", _U64)]


class State(ctypes.Structure):
    """The whole file."""

    _fields_: ClassVar[Fields] = [
        *_all(_U32, "magic sequence"),
        ("clock_id", _I32),
        *_all(_U32, "gpu_count rule_count driver_generation"),
        ("cuda_version", _I32),
        ("unused", _U32),
        ("driver_version", _NAME),
        ("rules", Rule * MAX_RULES),
        ("functions", Function * MAX_FUNCTIONS),
        ("gpus", Gpu * MAX_GPUS),
    ]


LAYOUT = (
    ctypes.sizeof(State),
    ctypes.sizeof(Gpu),
    ctypes.sizeof(Rule),
    State.gpus.offset,
    Gpu.segments.offset,
)
"""What `sim_layout()` of the library must answer."""

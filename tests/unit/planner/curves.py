"""Curves and tasks for the planner's tests, and their naive costs."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from greenops.planner.timing.curve import Curve

H = 3600.0
NAN = float("nan")


def hourly(*run_g_per_h, wait_g_per_h=None):
    """A curve of hours, its rates per hour so that sums can be done in the head."""
    return _even(H, run_g_per_h, wait_g_per_h)


def minutes(*run_g_per_min, wait_g_per_min=None):
    """A curve of minutes, its rates per minute."""
    return _even(60.0, run_g_per_min, wait_g_per_min)


def _even(width_s, run, wait):
    run = np.asarray(run, dtype=np.float64) / width_s
    waiting = np.zeros_like(run) if wait is None else np.asarray(wait) / width_s
    return Curve(np.arange(run.size + 1) * width_s, run, waiting)


def rates(count, *, unknown=True):
    """Small whole rates, some unknown: many ties, and sums without rounding."""
    rate = st.integers(-3, 9).map(float)
    if unknown:
        rate = st.one_of(rate, rate, rate, rate, st.just(NAN))
    return st.lists(rate, min_size=count, max_size=count)


def traces() -> Path:
    """The folder of real traces; the test is skipped where there is none."""
    folder = os.environ.get("TRACES", "")
    if not folder:
        pytest.skip("TRACES names no folder of real traces")
    return Path(folder)

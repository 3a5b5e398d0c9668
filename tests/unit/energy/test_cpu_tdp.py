import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.cpu_tdp import match_tdp, resolve_tdp

ROWS = [
    ("Intel Xeon E3-1240", 80.0),
    ("Intel Xeon E3-1240 v2", 69.0),
    ("Intel Xeon E3-1240L v3", 25.0),
    ("Intel Xeon E5-2670", 115.0),
    ("Intel Xeon Platinum 8480+", 350.0),
    ("Intel Core i7-7600U", 15.0),
    ("Intel Core i7-12700K", 125.0),
    ("AMD Ryzen 7 PRO 4750U", 15.0),
    ("AMD Ryzen 9 5950X", 105.0),
    ("AMD EPYC 7543", 225.0),
    ("AMD EPYC 7543P", 225.0),
    ("AMD EPYC 7763", 280.0),
    ("AMD EPYC 1234", 0.0),
    ("AMD EPYC 4321", 27000.0),
]


@pytest.mark.parametrize(
    ("name", "tdp_w"),
    [
        ("Intel(R) Xeon(R) CPU E3-1240 V2 @ 3.40GHz", 69.0),
        ("Intel(R) Xeon(R) CPU E3-1240 @ 3.30GHz", 80.0),
        ("Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz", 115.0),
        ("Intel(R) Core(TM) i7-7600U CPU @ 2.80GHz", 15.0),
        ("12th Gen Intel(R) Core(TM) i7-12700K", 125.0),
        ("AMD Ryzen 7 PRO 4750U with Radeon Graphics", 15.0),
        ("AMD Ryzen 7 4750U", 15.0),
        ("AMD EPYC 7543P 32-Core Processor", 225.0),
        ("EPYC 7763", 280.0),
        ("Intel(R) Xeon(R) Platinum 8480C", None),
        ("Intel(R) Xeon(R) CPU E3-1240 v4 @ 3.40GHz", None),
        ("AMD EPYC", None),
        ("AMD EPYC 9V84 96-Core Processor", None),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", None),
        ("Neoverse-V2", None),
        ("QEMU Virtual CPU version 2.5+", None),
        ("Intel EPYC 7763", None),
        ("AMD EPYC 1234", None),
        ("AMD EPYC 4321", None),
        ("", None),
    ],
)
def test_a_name_finds_its_own_row_or_none(name, tdp_w):
    assert match_tdp(name, ROWS) == tdp_w


@given(st.text(max_size=40))
def test_no_name_breaks_the_match(name):
    found = match_tdp(name, ROWS)

    assert found is None or 1 <= found <= 600


def test_two_sockets_draw_twice():
    got = resolve_tdp("AMD EPYC 7763", ROWS, threads=256, cores=128, sockets=2)

    assert (got.tdp_w, got.rel_uncertainty) == (560.0, 0.0)


def test_a_guest_is_charged_its_threads_of_the_host_processor():
    got = resolve_tdp(
        "AMD EPYC 7763 64-Core Processor", ROWS, threads=4, cores=2, is_virtual=True
    )

    assert got.tdp_w == pytest.approx(280 * 4 / 128)
    assert got.rel_uncertainty > 0


@pytest.mark.parametrize(
    ("name", "low_w", "high_w"),
    [
        ("AMD EPYC", 1.5, 4.0),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", 2.0, 6.0),
        ("Intel(R) Xeon(R) Platinum 8480C", 2.0, 6.0),
        ("Neoverse-V2", 1.0, 4.0),
        ("", 1.0, 5.0),
    ],
)
def test_a_guest_on_an_unknown_processor_is_charged_by_the_virtual_cpu(
    name, low_w, high_w
):
    got = resolve_tdp(name, ROWS, threads=8, cores=4, is_virtual=True)

    assert low_w <= got.tdp_w / 8 <= high_w
    assert got.rel_uncertainty >= 0.5


@pytest.mark.parametrize(
    ("name", "threads", "low_w", "high_w"),
    [
        ("AMD EPYC 9V84 96-Core Processor", 192, 300, 600),
        ("Intel(R) Xeon(R) Platinum 8480C", 112, 250, 500),
        ("Intel(R) Core(TM) i9-99999 CPU", 16, 60, 130),
        ("Apple M9", 10, 10, 50),
        ("unknown processor", 1, 3, 20),
    ],
)
def test_a_whole_machine_nobody_listed_gets_a_plausible_tdp(
    name, threads, low_w, high_w
):
    got = resolve_tdp(name, ROWS, threads=threads, cores=max(1, threads // 2))

    assert low_w <= got.tdp_w <= high_w
    assert got.rel_uncertainty >= 0.5

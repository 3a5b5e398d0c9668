import time

import pytest

from greenops.sensors.detect import detect_cpu, detect_memory

XEON = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R)  Gold 6248 CPU @ 2.50GHz
physical id\t: 0
siblings\t: 40
core id\t\t: 0
cpu cores\t: 20
flags\t\t: fpu vme{flags}

processor\t: 1
"""
NEOVERSE = """processor\t: 0
CPU implementer\t: 0x41
CPU part\t: 0xd4f

"""


def write(root, files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture
def xeon(tmp_path):
    return write(
        tmp_path,
        {
            "proc/cpuinfo": XEON.format(flags=""),
            "proc/meminfo": "MemTotal:       131072000 kB\nMemFree: 1 kB\n",
            "sys/devices/system/cpu/online": "0-79\n",
            "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "3900000\n",
        },
    )


def test_a_two_socket_server_is_known_from_its_first_cpu(xeon):
    facts = detect_cpu(xeon)

    assert facts.name == "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz"
    assert (facts.sockets, facts.cores, facts.threads) == (2, 40, 80)
    assert (facts.vendor, facts.family, facts.model) == ("GenuineIntel", 6, 85)
    assert facts.max_ghz == 3.9
    assert facts.allowed_cpus == 80
    assert not facts.is_virtual


def test_a_guest_is_told_by_its_flag(tmp_path):
    root = write(tmp_path, {"proc/cpuinfo": XEON.format(flags=" hypervisor")})

    assert detect_cpu(root).is_virtual


@pytest.mark.parametrize(
    ("product", "hypervisor"),
    [
        ("Google Compute Engine", "Google Compute Engine"),
        ("Standard PC (Q35 + ICH9, 2009)QEMU", "QEMU"),
        ("c7g.metal", None),
        ("PowerEdge R740", None),
    ],
)
def test_a_guest_without_the_flag_is_told_by_its_board(tmp_path, product, hypervisor):
    root = write(
        tmp_path, {"proc/cpuinfo": NEOVERSE, "sys/class/dmi/id/product_name": product}
    )
    facts = detect_cpu(root)

    assert (facts.hypervisor, facts.is_virtual) == (hypervisor, hypervisor is not None)


def test_an_arm_server_is_named_by_its_part_and_counted_by_its_topology(tmp_path):
    root = write(
        tmp_path,
        {
            "proc/cpuinfo": NEOVERSE,
            "sys/devices/system/cpu/online": "0-3\n",
            **{
                f"sys/devices/system/cpu/cpu{i}/topology/{name}": f"{value}\n"
                for i in range(4)
                for name, value in (("physical_package_id", i // 2), ("core_id", i))
            },
        },
    )
    facts = detect_cpu(root)

    assert (facts.name, facts.vendor) == ("Neoverse-V2", "ARM")
    assert (facts.sockets, facts.cores, facts.threads) == (2, 4, 4)


@pytest.mark.parametrize("text", ["", "gibberish", "\0\0", ":\n:\n\n"])
def test_an_unreadable_processor_file_still_gives_facts(tmp_path, text):
    facts = detect_cpu(write(tmp_path, {"proc/cpuinfo": text}))

    assert facts.name
    assert facts.threads >= 1


@pytest.mark.parametrize(
    ("files", "allowed"),
    [
        pytest.param(
            {
                "proc/self/cgroup": "0::/job\n",
                "sys/fs/cgroup/job/cpu.max": "200000 100000",
            },
            2.0,
            id="version 2 quota",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/job\n",
                "sys/fs/cgroup/job/cpu.max": "max 100000",
            },
            80.0,
            id="version 2 without quota",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/slice/job\n",
                "sys/fs/cgroup/slice/cpu.max": "50000 100000",
                "sys/fs/cgroup/slice/job/cpu.max": "max 100000",
            },
            0.5,
            id="a quota above",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/seen/from/the/host\n",
                "sys/fs/cgroup/cpu.max": "300000 100000",
            },
            3.0,
            id="a container's own root",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/job\n",
                "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "150000",
                "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000",
            },
            1.5,
            id="version 1 quota",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:cpu:/job\n",
                "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000",
            },
            80.0,
            id="version 1 without quota",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/job\n",
                "sys/fs/cgroup/job/cpuset.cpus.effective": "4-7,12",
            },
            5.0,
            id="a set of CPUs",
        ),
        pytest.param(
            {"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": "?? 0"},
            80.0,
            id="an unreadable quota",
        ),
    ],
)
def test_a_cgroup_limits_the_cpus(xeon, files, allowed):
    assert detect_cpu(write(xeon, files)).allowed_cpus == allowed


@pytest.mark.parametrize(
    ("path", "text", "gib"),
    [
        ("sys/fs/cgroup/job/memory.max", "4294967296", 4.0),
        ("sys/fs/cgroup/job/memory.max", "max", 125.0),
        ("sys/fs/cgroup/job/memory.max", "9999999999999999", 125.0),
    ],
)
def test_a_cgroup_limits_the_memory(xeon, path, text, gib):
    root = write(xeon, {"proc/self/cgroup": "0::/job\n", path: text})
    memory = detect_memory(root)

    assert memory is not None
    assert memory.allowed_gib == gib
    assert memory.is_slice == (gib == 4.0)


def test_version_1_writes_an_absurd_number_for_no_limit(xeon):
    root = write(
        xeon,
        {
            "proc/self/cgroup": "8:memory:/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        },
    )
    memory = detect_memory(root)

    assert memory is not None
    assert not memory.is_slice


def test_filled_slots_are_counted_and_empty_ones_are_not(xeon):
    edac = "sys/devices/system/edac/mc/mc0"
    sizes = {f"{edac}/dimm{i}/size": f"{s}\n" for i, s in enumerate((16384, 0, 16384))}
    memory = detect_memory(write(xeon, sizes))

    assert memory is not None
    assert memory.dimms == 2


def test_memory_that_nobody_states_is_unknown(tmp_path):
    assert detect_memory(tmp_path) is None


def test_this_machine_is_known_within_five_milliseconds():
    start_s = time.process_time()
    facts = detect_cpu()

    assert time.process_time() - start_s < 0.005
    assert facts.threads >= facts.cores >= 1
    assert 0 < facts.allowed_cpus <= facts.threads

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import IdentityKind
from greenops.sensors.process_identity import Root, identity_of

ROOT = Root(pid=4711, started_s=12.5, name="train.py")
HEX = "0f9bc87a" * 8
POD = "74c13223-5a00-11e9-b385-42010a80018d"
POD_SYSTEMD = POD.replace("-", "_")
V1 = "12:freezer:{0}\n11:cpuset:{0}\n4:memory:{0}\n1:name=systemd:{0}\n0::/\n"

CASES = {
    "slurm, v2": (
        "0::/system.slice/slurmstepd.scope/job_1392969/step_0/user/task_0\n",
        "slurm", "1392969",
    ),
    "slurm, v2, several slurmd on one host": (
        "0::/system.slice/eu-north_slurmstepd.scope/job_7/step_batch/user/task_special\n",
        "slurm", "7",
    ),
    "slurm, v2, a login that pam_slurm_adopt took in": (
        "0::/system.slice/slurmstepd.scope/job_42/step_extern/user\n", "slurm", "42",
    ),
    "slurm, v1": (V1.format("/slurm/uid_2101171/job_280678/step_0/task_0"), "slurm", "280678"),
    "slurm, v1, with the name of the node": (
        V1.format("/slurm_node3/uid_1000/job_12/step_batch"), "slurm", "12",
    ),
    "docker, v1": (V1.format(f"/docker/{HEX}"), "container", HEX),
    "docker, v1 under systemd": (V1.format(f"/system.slice/docker-{HEX}.scope"), "container", HEX),
    "docker, v2": (f"0::/system.slice/docker-{HEX}.scope\n", "container", HEX),
    "docker, v2, within its own namespace": ("0::/\n", "process", "4711@12.50"),
    "containerd by nerdctl": (f"0::/system.slice/nerdctl-{HEX}.scope\n", "container", HEX),
    "containerd by ctr": (f"0::/default/{HEX}\n", "container", HEX),
    "podman": (f"0::/machine.slice/libpod-{HEX}.scope/container\n", "container", HEX),
    "podman without root": (
        f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{HEX}.scope/container\n",
        "container", HEX,
    ),
    "podman within a unit": (
        f"0::/system.slice/nginx.service/libpod-payload-{HEX}\n", "container", HEX,
    ),
    "lxc": ("0::/lxc.payload.jupyter-1/system.slice/x.service\n", "container", "jupyter-1"),
    "ecs": (
        V1.format("/ecs/4d6a1c4e7a9b4c5d8e9f0a1b2c3d4e5f/4d6a1c4e7a9b4c5d8e9f0a1b2c3d4e5f-2290356211"),
        "container", "4d6a1c4e7a9b4c5d8e9f0a1b2c3d4e5f-2290356211",
    ),
    "kubernetes, cgroupfs": (V1.format(f"/kubepods/besteffort/pod{POD}/{HEX}"), "pod", POD),
    "kubernetes, cgroupfs, guaranteed": (f"0::/kubepods/pod{POD}/{HEX}\n", "pod", POD),
    "kubernetes, systemd": (
        f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD_SYSTEMD}.slice/cri-containerd-{HEX}.scope\n",
        "pod", POD,
    ),
    "kubernetes, systemd, guaranteed": (
        f"0::/kubepods.slice/kubepods-pod{POD_SYSTEMD}.slice/crio-{HEX}.scope\n", "pod", POD,
    ),
    "kubernetes, containerd without systemd slices": (
        f"0::/system.slice/containerd.service/kubepods-burstable-pod{POD_SYSTEMD}.slice:cri-containerd:{HEX}\n",
        "pod", POD,
    ),
    "kubernetes, in docker (kind)": (
        f"0::/system.slice/docker-{HEX}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{POD_SYSTEMD}.slice/cri-containerd-{HEX[::-1]}.scope\n",
        "pod", POD,
    ),
    "kubernetes, a static pod": (
        f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{'ab12' * 8}.slice/crio-{HEX}.scope\n",
        "pod", "ab12" * 8,
    ),
    "a service": ("0::/system.slice/ollama.service\n", "unit", "ollama.service"),
    "a service of a template": (
        "0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n",
        "unit", "postgresql@15-main.service",
    ),
    "a service, v1": (V1.format("/system.slice/ollama.service"), "unit", "ollama.service"),
    "a user's own service": (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/train.service\n",
        "unit", "train.service",
    ),
    "systemd-run --user": (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r3b7.scope\n",
        "unit", "run-r3b7.scope",
    ),
    "a machine of systemd-nspawn": (
        "0::/machine.slice/machine-sim.scope/payload\n", "unit", "machine-sim.scope",
    ),
    "a login holds many jobs": (
        "0::/user.slice/user-1000.slice/session-3.scope\n", "process", "4711@12.50",
    ),
    "so does a terminal": (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-a1.scope\n",
        "process", "4711@12.50",
    ),
    "and what starts containers is none": (
        "0::/system.slice/containerd.service\n", "process", "4711@12.50",
    ),
    "and the daemon of slurm is none": (
        "0::/system.slice/slurmstepd.scope/system\n", "process", "4711@12.50",
    ),
    "cron": ("0::/system.slice/cron.service\n", "process", "4711@12.50"),
    "no control groups": ("", "process", "4711@12.50"),
    "unreadable": ("garbage\n::\n0\n", "process", "4711@12.50"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "job"), CASES.values(), ids=CASES)
def test_a_control_group_tells_the_job(text, kind, job):
    found = identity_of(text, {}, uid=1000, root=ROOT)

    assert (found.kind, found.id) == (kind, job)


VARIABLES = {
    "a job of greenops": ({"GREENOPS_JOB_ID": "j-1", "SLURM_JOB_ID": "7"}, "greenops", "j-1"),
    "slurm without its own control groups": ({"SLURM_JOB_ID": "7"}, "slurm", "7"),
    "a worker of ray": ({"RAY_JOB_ID": "02000000"}, "ray", "02000000"),
    "ray within slurm": ({"RAY_JOB_ID": "02000000", "SLURM_JOB_ID": "7"}, "slurm", "7"),
    "an empty variable": ({"SLURM_JOB_ID": ""}, "process", "4711@12.50"),
    "no id but an injection": ({"SLURM_JOB_ID": "7\n<b>"}, "process", "4711@12.50"),
    "too long to be one": ({"RAY_JOB_ID": "0" * 129}, "process", "4711@12.50"),
}  # fmt: skip


@pytest.mark.parametrize(("environ", "kind", "job"), VARIABLES.values(), ids=VARIABLES)
def test_the_environment_tells_the_job_where_the_kernel_does_not(environ, kind, job):
    found = identity_of("0::/\n", environ, uid=1000, root=ROOT)

    assert (found.kind, found.id) == (kind, job)


def test_the_kernel_is_believed_before_the_environment():
    cgroup = "0::/system.slice/slurmstepd.scope/job_8/step_0/user/task_0\n"

    found = identity_of(cgroup, {"SLURM_JOB_ID": "7"}, uid=1000, root=ROOT)

    assert found.id == "8"


def test_nobody_puts_energy_on_the_job_of_another_user_by_a_variable():
    mine, theirs = (
        identity_of("", {"SLURM_JOB_ID": "7"}, uid=uid, root=ROOT)
        for uid in (1000, 1001)
    )

    assert mine != theirs


def test_units_of_one_name_of_two_users_are_two_jobs():
    text = "0::/user.slice/user-{0}.slice/user@{0}.service/app.slice/train.service\n"

    mine, theirs = (
        identity_of(text.format(uid), {}, uid=uid, root=ROOT) for uid in (1000, 1001)
    )

    assert mine != theirs


def test_processes_of_one_job_that_know_different_names_are_one_job():
    cgroup = "0::/system.slice/slurmstepd.scope/job_8/step_0\n"
    environ = {"SLURM_JOB_ID": "8", "SLURM_JOB_NAME": "resnet"}

    knowing, unknowing = (
        identity_of(cgroup, known, uid=0, root=ROOT) for known in (environ, {})
    )

    assert knowing == unknowing
    assert knowing.name != unknowing.name


def test_a_ray_job_is_finer_than_the_container_its_cluster_runs_in():
    found = identity_of(
        f"0::/system.slice/docker-{HEX}.scope\n",
        {"RAY_JOB_ID": "01000000"},
        uid=0,
        root=ROOT,
    )

    assert found.kind is IdentityKind.RAY


NAMES = {
    "slurm": ("0::/system.slice/slurmstepd.scope/job_8/step_0\n", {}, "slurm job 8"),
    "slurm, named": (
        "0::/system.slice/slurmstepd.scope/job_8/step_0\n",
        {"SLURM_JOB_ID": "8", "SLURM_JOB_NAME": "resnet"}, "resnet",
    ),
    "the name of another job is none": (
        "0::/system.slice/slurmstepd.scope/job_8/step_0\n",
        {"SLURM_JOB_ID": "9", "SLURM_JOB_NAME": "resnet"}, "slurm job 8",
    ),
    "container": (f"0::/docker/{HEX}\n", {}, f"container {HEX[:12]}"),
    "unit": ("0::/system.slice/ollama.service\n", {}, "ollama"),
    "process": ("", {}, "train.py"),
}  # fmt: skip


@pytest.mark.parametrize(("cgroup", "environ", "name"), NAMES.values(), ids=NAMES)
def test_a_job_is_called_by_the_name_its_users_know(cgroup, environ, name):
    assert identity_of(cgroup, environ, uid=1000, root=ROOT).name == name


@given(
    st.text(),
    st.dictionaries(st.sampled_from(["SLURM_JOB_ID", "RAY_JOB_ID"]), st.text()),
)
def test_no_text_at_all_is_too_much_for_it(cgroup, environ):
    assert identity_of(cgroup, environ, uid=0, root=ROOT).id

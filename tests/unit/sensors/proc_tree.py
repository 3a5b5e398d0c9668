"""A /proc of a few processes, as a test says they are."""

import os
import shutil

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
KERNEL_THREAD = 0x00200000


class ProcTree:
    """Files under `root` in the form of proc(5), for those fields that are looked at."""

    def __init__(self, root):
        self.root = root
        (root / "self").mkdir(parents=True)
        (root / "self/stat").write_text("")
        self._processes = {}
        self.run(1, name="systemd", cgroup="0::/init.scope\n")

    def run(
        self, pid, *, parent=1, group=None, session=None, tty=0, started=None, name="python",
        flags=0, cgroup="0::/user.slice/user-0.slice/session-1.scope\n", environ=None, argv=("python",),
    ):  # fmt: skip
        """Let a process appear."""
        folder = self.root / str(pid)
        folder.mkdir()
        self._processes[pid] = {
            "parent": parent, "group": group or pid, "session": session or group or pid, "tty": tty,
            "started": pid if started is None else started, "name": name, "flags": flags,
            "own": 0, "waited": 0, "state": "S",
        }  # fmt: skip
        (folder / "cgroup").write_text(cgroup)
        pairs = [f"{k}={v}\0" for k, v in (environ or {}).items()]
        (folder / "environ").write_text("".join(pairs))
        (folder / "cmdline").write_text("".join(f"{a}\0" for a in argv))
        self._write(pid)

    def use(self, pid, cpu_s):
        """Let a process use so much of a processor."""
        self._processes[pid]["own"] += round(cpu_s * TICKS_PER_S)
        self._write(pid)

    def change(self, pid, **fields):
        """Let a process become another child, a zombie, or the like."""
        self._processes[pid] |= fields
        self._write(pid)

    def end(self, pid, *, waited_by=None):
        """Let a process end, and its time go to who waited for it."""
        process = self._processes.pop(pid)
        shutil.rmtree(self.root / str(pid))
        if waited_by is not None:
            self._processes[waited_by]["waited"] += process["own"] + process["waited"]
            self._write(waited_by)

    def _write(self, pid):
        p = self._processes[pid]
        half = p["own"] // 2
        fields = [
            p["state"], p["parent"], p["group"], p["session"], p["tty"], -1, p["flags"],
            0, 0, 0, 0, half, p["own"] - half, p["waited"], 0, 20, 0, 1, 0, p["started"], 0,
        ]  # fmt: skip
        line = " ".join(map(str, fields))
        (self.root / str(pid) / "stat").write_text(f"{pid} ({p['name']}) {line}\n")

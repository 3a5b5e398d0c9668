"""A process that dies while it keeps an answer costs nobody else theirs."""

import random
import signal
import subprocess
import sys
import time

from greenops.signals.answer_store import AnswerStore

WRITER = """
import sys
from pathlib import Path
from greenops.signals.answer_store import AnswerStore
from greenops.signals.kept import Asked, Kept, with_answer
sys.path.insert(0, ".")
from tests.unit.signals.fakes import at, point
store = AnswerStore(Path(sys.argv[1]))
points = [point(i) for i in range(2000)]
print("ready", flush=True)
while True:
    store.save("FR", with_answer(Kept(), points, Asked(at(0), at(1), at(2))))
"""


def test_sigkill_at_any_moment_leaves_a_whole_answer(tmp_path):
    chance = random.Random(7)
    store = AnswerStore(tmp_path, time_s=lambda: time.time() + 3600)
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.05 + chance.random() / 20)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

        kept = store.load("FR")
        assert len(kept.points) == 2000

    assert list(tmp_path.glob("*.damaged")) == []
    store.save("FR", kept)
    assert [p.name for p in tmp_path.iterdir()] == ["zone-FR.json"]

import random

from tests.bench.ledger_kill import kill_some


def test_a_kill_at_any_moment_costs_two_seconds_at_most_and_never_the_ledger(
    tmp_path,
):
    dice = random.Random()
    path = tmp_path / "ledger.db"

    for _ in range(2):
        for kill in kill_some(path, tmp_path / "spool", count=10, dice=dice):
            assert kill.lost_s <= 2.0, kill

import logging

from greenops_webapi import ProblemLog


def test_problems_are_logged_when_they_begin_and_when_they_end(caplog):
    caplog.set_level(logging.INFO)
    log = ProblemLog("a grid")

    for problems in ([], ["1 x null"], ["2 x null"], [], []):
        log.note("FR", problems)
    log.note("DE", ["3 x null"])

    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO", "WARNING"]
    assert "a grid, zone FR" in caplog.messages[0]
    assert "1 x null" in caplog.messages[0]

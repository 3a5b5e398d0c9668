"""Keeps credentials out of what the HTTP libraries log while they debug."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from greenops_webapi.secret import Signature

LOGGERS: Final = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
"""Filters of a logger see its own records only, so each is named."""


class _Hide(logging.Filter):
    def __init__(self, signature: Signature) -> None:
        super().__init__()
        self._signature = signature

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = self._signature.hidden(record.getMessage())
        record.args = ()
        return True


@contextmanager
def quiet_logs(signature: Signature) -> Iterator[None]:
    """Hide the secrets of `signature` in those logs while the block lasts.

    At DEBUG, httpcore writes down the headers of answers; a source that repeats what
    it was sent would put the key into the log.
    """
    hide = _Hide(signature)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    debugged = [log for log in loggers if log.isEnabledFor(logging.DEBUG)]
    for log in debugged:
        log.addFilter(hide)
    try:
        yield
    finally:
        for log in debugged:
            log.removeFilter(hide)

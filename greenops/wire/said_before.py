"""What a provider has forecast before: kept in the ledger, read back for its skill."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from greenops.errors import GreenopsError, LedgerError
from greenops.forecast.issue import About
from greenops.ledger.query import Ledger
from greenops.model import IntensityPoint

log = logging.getLogger(__name__)

KEPT_EVERY = timedelta(hours=6)
"""A provider that speaks every half hour would add a million rows a year and zone."""
READ_BACK = timedelta(days=67)
"""As long as the weights look back, and the week that is ahead then."""


def keep_said(ledger: Ledger, signal: str, said: Sequence[IntensityPoint]) -> None:
    """Keep a provider's forecast, unless one of the last six hours is kept already.

    That it cannot be kept costs a later blend its skill, and nothing else.
    """
    if not said:
        return
    one = said[0]
    try:
        last = ledger.last_issue(one.zone, kind=one.kind, basis=one.basis)
        issued_at = max((p.issued_at for p in said if p.issued_at), default=None)
        if issued_at is None or (
            last and timedelta(0) <= issued_at - last < KEPT_EVERY
        ):
            return
        ledger.add_intensities(signal, said)
    except GreenopsError as e:
        log.info("the provider's forecast could not be kept: %s", e)


def said_before(
    ledger: Ledger, about: About, origins: Sequence[datetime]
) -> list[IntensityPoint]:
    """Return the kept forecasts that bear on past origins, as far as weights look."""
    if not origins:
        return []
    start = max(min(origins), about.issued_at - READ_BACK)
    try:
        return ledger.forecasts(
            about.zone, start, about.issued_at, kind=about.kind, basis=about.basis
        )
    except LedgerError as e:
        log.info("no past forecasts of %s from the ledger: %s", about.zone, e)
        return []

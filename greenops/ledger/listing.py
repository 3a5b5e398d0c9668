"""The list of runs, as plain SQL that SQLite and PostgreSQL both take.

`greenops runs` has 0.3 s in all, of which loading SQLAlchemy would take half; so a
local ledger is asked through sqlite3, and only another one through SQLAlchemy.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import TypedDict

from greenops.ledger.records import Found, run_row_of, tags_of
from greenops.ledger.rows import TAG_HEAD_CHARS
from greenops.ledger.text import escape
from greenops.model import RunRow, RunStatus

#!/usr/bin/env python3
"""Write `hours.csv`: dirty now; in the north every other hour, from the next on, clean.

The figures are made up; their form is that of `docs/signals.md`.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

HOURS = 48
SOUTH_G_PER_KWH, DIRTY_G_PER_KWH, CLEAN_G_PER_KWH = 700, 600, 20


def main() -> None:
    """Write the file beside this one."""
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = ["datetime_utc,zone,intensity_g_per_kwh"]
    for hour in range(HOURS):
        at = f"{first + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"
        north = CLEAN_G_PER_KWH if hour % 2 else DIRTY_G_PER_KWH
        rows += [f"{at},PL,{SOUTH_G_PER_KWH}", f"{at},SE,{north}"]
    path = Path(__file__).with_name("hours.csv")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

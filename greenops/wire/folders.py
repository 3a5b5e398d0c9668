"""Where the ledger and the folders of submitted jobs lie, as configured.

Apart from what plans and runs jobs: the commands that look at them load none of that.
"""

from pathlib import Path

from greenops.config import Config
from greenops.ledger.place import default_path, default_state


def state_folder(config: Config) -> Path:
    """Return the folder of submitted jobs."""
    return config.state_path or default_state()


def jobs_folder(config: Config) -> Path:
    """Return the folder that holds one folder per job."""
    return state_folder(config) / "jobs"


def ledger_file(config: Config) -> Path:
    """Return the file of the ledger."""
    return config.ledger_path or default_path()

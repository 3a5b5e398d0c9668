"""How a measured command ended, or why it could not begin."""

from dataclasses import dataclass

EXIT_NOT_FOUND = 127
EXIT_NOT_EXECUTABLE = 126


class CommandError(Exception):
    """The command could not be started; `exit_code` is what a shell would return."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the child ended, at monotonic `at_s`. One of code and signal is set."""

    at_s: float
    exit_code: int | None
    exit_signal: int | None

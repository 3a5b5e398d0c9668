"""Everything greenops raises on purpose, split by what the caller does next.

* GreenopsError
  + ConfigError               the user must correct an option, a file, a variable
  |   x UnknownZoneError      no such grid zone; carries near matches
  + SensorError
  |   x SensorUnavailableError  this host cannot measure it; do not try again
  |   x SensorReadError         one reading failed; the next may work
  + SignalError               an intensity source failed, or answered unreadably
  |   x SignalRefusedError      no right to ask this; do not ask again unchanged
  |   x SignalBusyError         too many questions, or out of service; ask later
  |   x MixedSignalsError       average and marginal, or two bases, in one sum
  + PlanError                 a job could not be planned
  |   x NoFeasiblePlanError   nothing fits; says what binds and the smallest change
  x ReferenceDataError        a data file is missing, or has changed its layout
  x SnapshotRefusedError      a training cannot be captured; nothing was touched
  + ExecutorError            an engine that runs jobs
  |   x ExecutorRefusedError   the attempt can never run as it stands; do not repeat
  |   x ExecutorBusyError      no answer, or not accepted now; ask again
  + LedgerError
      x LedgerUnavailableError  cannot be opened or written; spool instead
      x LedgerDamagedError      the file is no sound database; move it aside
      x LedgerTooNewError       a newer greenops wrote it; upgrade
      x RunNotFoundError        no such run; carries near matches
      x JobNotFoundError        no such job; carries near matches
      x JobChangedError         somebody else wrote the next event; look again
"""


class GreenopsError(Exception):
    """Base class: catch this to catch whatever greenops reports."""


class ConfigError(GreenopsError):
    """An option, a configuration file or a variable is wrong; says which, and how."""


class UnknownZoneError(ConfigError):
    """No such grid zone. The message lists near matches."""


class SensorError(GreenopsError):
    """Something about measuring failed."""


class SensorUnavailableError(SensorError):
    """The source does not exist here, or may not be read by this user.

    `remedy` says what a person can do about it, where something can be done.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class SensorReadError(SensorError):
    """One reading failed. Leave a gap; never stand a zero in for it."""


class SignalError(GreenopsError):
    """A carbon-intensity source failed, or sent something unreadable."""


class SignalRefusedError(SignalError):
    """The source wants a credential, a better one, or a plan that covers the question.

    Asking again is of no use until a person changes something; the message says what.
    """


class SignalBusyError(SignalError):
    """The source is out of service, or has been asked too often.

    `retry_after_s` is how long it wants to be left alone, where it said so.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class MixedSignalsError(SignalError):
    """Average and marginal intensities, or two bases, were about to be added up."""


class PlanError(GreenopsError):
    """A job could not be planned."""


class NoFeasiblePlanError(PlanError):
    """No place and time satisfies all that was asked. The message holds it all.

    Attributes:
        binding: The constraint in the way: `deadline`, `horizon`, `unknown hours`,
            `capacity`, `min run`, `max pauses`, ...
        change: The smallest change that makes a plan possible.
        what: The message without both.
    """

    def __init__(self, message: str, *, binding: str, change: str) -> None:
        super().__init__(f"{message} (binding: {binding}); what would do: {change}")
        self.binding = binding
        self.change = change
        self.what = message


class ReferenceDataError(GreenopsError):
    """A reference data file is missing, or its columns are not those expected."""


class SnapshotRefusedError(GreenopsError):
    """A training holds something that cannot be captured. Nothing was touched.

    The message says where it is.
    """


class ExecutorError(GreenopsError):
    """An engine that runs jobs did not do what was asked."""


class ExecutorRefusedError(ExecutorError):
    """An attempt can never run as it stands; the message says what to change."""


class ExecutorBusyError(ExecutorError):
    """The engine did not answer, or cannot take more now. Ask again later."""


class JobRefusedError(GreenopsError):
    """A job can never run as it was submitted; the message says what to change."""


class CheckpointError(GreenopsError):
    """A training cannot be kept, or not be gone on with; says what to change."""


class LedgerError(GreenopsError):
    """The ledger could not do what was asked."""


class LedgerUnavailableError(LedgerError):
    """The ledger cannot be opened or written here (read-only, full, locked)."""


class LedgerDamagedError(LedgerError):
    """The ledger file is not a sound database."""


class LedgerTooNewError(LedgerError):
    """The ledger was written by a newer greenops; nothing was changed."""


class RunNotFoundError(LedgerError):
    """No run of this id or name. The message lists near matches."""


class JobNotFoundError(LedgerError):
    """No job of this id or name. The message lists near matches."""


class JobChangedError(LedgerError):
    """Another process wrote the next event of a job first. Nothing was written."""

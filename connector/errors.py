"""
The exceptions of the connector, sorted by who must act.

Every one carries a stable ``code`` (explained by ``connector help CODE``), ``what`` is wrong and the ``remedy``.
The command line turns the class into the exit code and nothing else looks at the class.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

__all__ = [
    "AnswerUnreadable",
    "ConnectorError",
    "LimitExceeded",
    "LockHeld",
    "MappingInvalid",
    "OurFault",
    "PlanOutdated",
    "Problem",
    "ServiceDown",
    "SettingsInvalid",
    "SignInNeeded",
    "StateInvalid",
    "Stopped",
    "Throttled",
    "Who",
    "WrongUse",
    "exit_code_of",
]

Who = Literal["finance", "operator", "nobody", "us"]

_EXIT_ORDER: Final = (1, 7, 8, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class Problem:
    """One trouble of a run, as it stands under ``problems`` in every JSON document."""

    who: Who
    code: str
    what: str
    remedy: str
    source: str | None = None

    def met_in(self, source: str | None) -> "Problem":
        """The same, told of ``source`` where it names none itself."""
        return replace(self, source=self.source or source)


def exit_code_of(codes: Collection[int]) -> int:
    """The one exit code of a run to which all of ``codes`` apply; 0 where none does."""
    return next((code for code in _EXIT_ORDER if code in codes), max(codes, default=0))


class ConnectorError(Exception):
    """
    Raised when something stops a command or one source of it.

    Args:
        what: What is wrong, with the place and the offending text.
        code: The stable code of the message.
        remedy: What to do about it, one line.
        source: The connection concerned; None where it concerns the whole run.
    """

    who: ClassVar[Who] = "us"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, code: str, remedy: str, source: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.remedy = remedy
        self.source = source

    @property
    def problem(self) -> Problem:
        return Problem(self.who, self.code, self.what, self.remedy, self.source)


# Finance acts.


class MappingInvalid(ConnectorError):
    """Raised when a mapping, one of its tables or one of its examples has faults."""

    who: ClassVar[Who] = "finance"
    exit_code = 3


class PlanOutdated(ConnectorError):
    """Raised when a saved plan no longer describes what a sync would do."""

    who: ClassVar[Who] = "finance"
    exit_code = 3


class LimitExceeded(ConnectorError):
    """Raised when a run would pass a limit of the settings; nothing was written."""

    who: ClassVar[Who] = "finance"
    exit_code = 8


# An operator acts.


class WrongUse(ConnectorError):
    """Raised when a command is used wrongly."""

    who: ClassVar[Who] = "operator"
    exit_code = 2


class SettingsInvalid(ConnectorError):
    """Raised when the settings are missing, wrong or contradict themselves."""

    who: ClassVar[Who] = "operator"
    exit_code = 3


class StateInvalid(ConnectorError):
    """Raised when the state is damaged, newer than this version, or of another company."""

    who: ClassVar[Who] = "operator"
    exit_code = 3


class SignInNeeded(ConnectorError):
    """Raised when QuickBooks or a source does not accept our key, token or app."""

    who: ClassVar[Who] = "operator"
    exit_code = 4


class LockHeld(ConnectorError):
    """Raised when another run writes for this company; nothing was done."""

    who: ClassVar[Who] = "operator"
    exit_code = 7


# Nobody acts: it mends itself, or the next run does.


class ServiceDown(ConnectorError):
    """Raised when a service cannot be reached, fails, or the disk is full; run again."""

    who: ClassVar[Who] = "nobody"
    exit_code = 5


class Throttled(ServiceDown):
    """
    Raised when a service asks us to slow down.

    Args:
        retry_after: Seconds the service asked for; None where it named none.
    """

    def __init__(
        self, what: str, *, code: str, remedy: str, source: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(what, code=code, remedy=remedy, source=source)
        self.retry_after = retry_after


class AnswerUnreadable(ServiceDown):
    """Raised when an answer has not the documented shape: HTML, cut off, or without a needed key."""

    who: ClassVar[Who] = "operator"


class Stopped(ServiceDown):
    """Raised in a run that was told to stop, in the place of what it would have begun next: no trouble of anybody's."""

    def __init__(self) -> None:
        super().__init__("the run was told to stop", code="stopped", remedy="nothing to do: the next run goes on")


# We act.


class OurFault(ConnectorError):
    """Raised when the connector finds itself doing what it must never do; the run stops."""

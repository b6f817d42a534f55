"""One thing that was looked at, how it stands, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connector.errors import ConnectorError, Problem, Who

__all__ = ["Check", "fault", "note", "ok"]


@dataclass(frozen=True, slots=True)
class Check:
    """
    One line of the doctor's answer.

    Args:
        area: ``files``, ``state``, a source's name, ``QuickBooks``, ….
        check: What of it was looked at.
        state: A note is worth knowing and stops nothing; a fault does.
        what: How it stands.
        remedy: What to do; "" where nothing is to be done.
        who: Who does it.
        code: As ``connector help`` knows it; "" where there is none.
        exit_code: What a run would end with because of it; 0 unless it is a fault.
        source: The connection that it is about.
    """

    area: str
    check: str
    state: Literal["ok", "note", "fault"]
    what: str
    remedy: str = ""
    who: Who | None = None
    code: str = ""
    exit_code: int = 0
    source: str | None = None

    def as_data(self) -> Mapping[str, str | None]:
        """The check in the JSON document."""
        return {
            "area": self.area,
            "check": self.check,
            "state": self.state,
            "what": self.what,
            "remedy": self.remedy or None,
            "who": self.who,
            "code": self.code or None,
        }

    @property
    def problem(self) -> Problem:
        """The same as a trouble of a run."""
        return Problem(self.who or "us", self.code, f"{self.check}: {self.what}", self.remedy, self.source)


def ok(area: str, check: str, what: str) -> Check:
    """All is well."""
    return Check(area, check, "ok", what)


def note(area: str, check: str, what: str, remedy: str, who: Who = "operator", code: str = "") -> Check:
    """Worth knowing."""
    return Check(area, check, "note", what, remedy, who, code)


def fault(area: str, check: str, error: ConnectorError) -> Check:
    """What ``error`` would stop in a run."""
    what = error.what.removeprefix(f"{error.source}: ")
    return Check(area, check, "fault", what, error.remedy, error.who, error.code, error.exit_code, error.source)

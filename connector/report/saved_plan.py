"""A plan on file: what a person looked at, and the promise that exactly this is written or nothing."""

import datetime
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.errors import PlanOutdated, WrongUse
from connector.report.run import CompanyName, row_of, stamp
from connector.sync.planned import fingerprint
from connector.sync.run import Outcome
from connector.sync.selection import Selection

__all__ = ["SavedPlan"]

_SCHEMA: Final = "connector/saved-plan/1"
_NAMED: Final = 5
_TOLD: Final = ("action", "number", "vendor", "date", "due", "currency", "amount", "lines", "code")


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """
    A saved plan.

    Args:
        company: The company it was made for.
        made: When, UTC.
        mappings: The version of each source's mapping.
        documents: What is to become of each ``source:invoice``, and of its payment, that is not left as it is, as
            people read it, with a fingerprint of everything that would be written.
    """

    company: CompanyName
    made: str
    selection: Selection
    mappings: Mapping[str, str]
    documents: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(
        cls, outcome: Outcome, company: CompanyName, selection: Selection, versions: Mapping[str, str]
    ) -> "SavedPlan":
        """The plan of a run that went as far as deciding."""
        return cls(company, stamp(outcome.started) or "", selection, versions, _documents(outcome, company))

    def write(self, path: Path) -> None:
        """
        Save it as JSON.

        Raises:
            WrongUse: The file cannot be written.
        """
        chosen = self.selection
        data = {
            "schema": _SCHEMA,
            "company": self.company,
            "made": self.made,
            "selection": {
                "sources": chosen.sources,
                "invoices": chosen.invoices,
                "first": chosen.first and chosen.first.isoformat(),
                "last": chosen.last and chosen.last.isoformat(),
            },
            "mappings": dict(self.mappings),
            "documents": self.documents,
        }
        try:
            # Names and amounts of everybody who is owed something: its owner's alone, as the state is.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            raise WrongUse(
                f"{path} cannot be written: {error.strerror}",
                code="file-not-writable",
                remedy="name a file in a folder that exists and that you may write to",
            ) from None

    @classmethod
    def read(cls, path: Path) -> "SavedPlan":
        """
        A plan that ``write`` saved.

        Raises:
            PlanOutdated: The file is no saved plan.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            chosen = data["selection"]
            selection = Selection(
                tuple(chosen["sources"]), tuple(chosen["invoices"]), _day(chosen["first"]), _day(chosen["last"])
            )
            kept = cls(data["company"], data["made"], selection, data["mappings"], data["documents"])
            return {_SCHEMA: kept}[data["schema"]]
        except OSError as error:
            raise _unreadable(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise _unreadable(f"{path} holds no saved plan") from None

    def require_same(self, outcome: Outcome, company: CompanyName, versions: Mapping[str, str]) -> None:
        """
        Refuse to go on unless a run would now do exactly this.

        Raises:
            PlanOutdated: Something moved; the message names what.
        """
        moved = list(self._moved(outcome, company, versions))
        if moved:
            more = [f"and {len(moved) - _NAMED} more"] if len(moved) > _NAMED else []
            raise PlanOutdated(
                f"the plan of {self.made} is not what would be written now: {'; '.join(moved[:_NAMED] + more)}",
                code="plan-outdated",
                remedy="nothing was written; look at a new one: connector plan -o FILE",
            )

    def _moved(self, outcome: Outcome, company: CompanyName, versions: Mapping[str, str]) -> Iterator[str]:
        if company["realm_id"] != self.company["realm_id"]:
            yield f"the company is {company['realm_id']}, not {self.company['realm_id']}"
        for problem in outcome.problems:
            yield f"{problem.source or 'the run'}: {problem.what}"
        now = _documents(outcome, company)
        for key in sorted({*now, *self.documents}):
            before, after = self.documents.get(key), now.get(key)
            if before is None or after is None or before["fingerprint"] != after["fingerprint"]:
                yield f"{key}: {_difference(before, after)}"
        edited = [name for name, version in self.mappings.items() if versions.get(name) != version]
        yield from (f"the mapping of {name} was edited" for name in edited)


def _difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    if after is None:
        return "is not to be written any more (already written, or left at the source)"
    if before is None:
        return f"is new: {after['action']}"
    changes = [
        f"{name} {_shown(before[name])} → {_shown(after[name])}" for name in _TOLD if before[name] != after[name]
    ]
    return ", ".join(changes) or "its memo changed"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " + ".join(f"{line.get('account') or line.get('item')} {line['amount']}" for line in value)
    return "none" if value is None else str(value)


def _documents(outcome: Outcome, company: CompanyName) -> dict[str, dict[str, Any]]:
    return {
        f"{action.key.source}:{action.key.invoice}{' (payment)' if action.key.kind == 'payment' else ''}": {
            **row_of(action, None, company),
            "fingerprint": hashlib.sha256(fingerprint(action).encode()).hexdigest(),
        }
        for _, action, _ in outcome.planned.rows()
        if action.action not in ("none", "skip")
    }


def _unreadable(what: str) -> PlanOutdated:
    return PlanOutdated(what, code="plan-unreadable", remedy="make one: connector plan -o FILE")


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None

"""A plan on file: what a person looked at, and the promise that exactly this is written or nothing."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.errors import PlanOutdated
from connector.settings import Settings
from connector.sync.planned import fingerprint
from connector.sync.run import Outcome
from connector.sync.selection import Selection

__all__ = ["SavedPlan"]

_SCHEMA: Final = "connector/saved-plan/1"
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """
    A saved plan.

    Args:
        company: The realm id it was made for.
        mappings: The version of each source's mapping.
        documents: One fingerprint for each ``source:invoice`` that is not left as it is.
    """

    company: str
    made: str
    selection: Selection
    mappings: Mapping[str, str]
    documents: Mapping[str, str]

    @classmethod
    def of(cls, outcome: Outcome, settings: Settings, selection: Selection, versions: Mapping[str, str]) -> "SavedPlan":
        """The plan of a run that went as far as deciding."""
        return cls(settings.quickbooks.realm_id, outcome.started.isoformat(), selection, versions, _documents(outcome))

    def write(self, path: Path) -> None:
        """Save it as JSON."""
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
            "documents": dict(self.documents),
        }
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")

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
            return {_SCHEMA: cls(data["company"], data["made"], selection, data["mappings"], data["documents"])}[
                data["schema"]
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanOutdated(
                f"{path} is no saved plan ({type(error).__name__})",
                code="plan-unreadable",
                remedy="make one: connector plan -o FILE",
            ) from None

    def require_same(self, outcome: Outcome, settings: Settings, versions: Mapping[str, str]) -> None:
        """
        Refuse to go on unless a run would now do exactly this.

        Raises:
            PlanOutdated: Something moved; the message names what.
        """
        moved: list[str] = []
        if settings.quickbooks.realm_id != self.company:
            moved.append(f"the company is {settings.quickbooks.realm_id}, not {self.company}")
        moved += [
            f"the mapping of {name} was edited" for name in self.mappings if versions.get(name) != self.mappings[name]
        ]
        now = _documents(outcome)
        changed = sorted(key for key in {*now, *self.documents} if now.get(key) != self.documents.get(key))
        moved += changed[:_NAMED] + ([f"and {len(changed) - _NAMED} more"] if len(changed) > _NAMED else [])
        if outcome.problems:
            moved += [f"{problem.source or 'the run'}: {problem.what}" for problem in outcome.problems]
        if moved:
            raise PlanOutdated(
                f"the plan of {self.made} is not what would be written now: {'; '.join(moved)}",
                code="plan-outdated",
                remedy="nothing was written; look at a new one: connector plan -o FILE",
            )


def _documents(outcome: Outcome) -> dict[str, str]:
    return {
        f"{action.key.source}:{action.key.invoice}": hashlib.sha256(fingerprint(action).encode()).hexdigest()
        for _, action, _ in outcome.planned.rows()
        if action.action not in ("none", "skip")
    }


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None

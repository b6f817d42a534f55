"""Who is told of which trouble, and how soon."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from connector.errors import Who

__all__ = ["AGAIN", "DIGEST_HOUR", "Audience", "Rule", "rule_of"]

Audience = Literal["finance", "operator"]

DIGEST_HOUR: Final = 8
"""The hour of the digest, in the time zone of ``[serve]``."""

AGAIN: Final = datetime.timedelta(days=1)
"""So often a trouble that lasts is told again."""

_AT_ONCE: Final = datetime.timedelta(0)
_SOON: Final = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Rule:
    """
    What is done about one kind of trouble.

    Args:
        code: Of the trouble. One that ends in ``*`` is the beginning of several, which are told as one; it concerns
            only those that somebody must act on.
        who: Whom it is told; None: nobody, as the next run mends it, and if none does, silence is told.
        title: What it is, without names and amounts: it becomes a subject line.
        shared: It is the same trouble whichever source meets it.
        patience: How long it must last before it is told.
    """

    code: str
    who: Audience | None
    title: str = ""
    shared: bool = False
    patience: datetime.timedelta = _AT_ONCE

    def fits(self, code: str, who: Who) -> bool:
        """Whether it is the rule for a trouble with this code, on which ``who`` must act."""
        if self.code.endswith("*"):
            return who != "nobody" and code.startswith(self.code[:-1])
        return code == self.code


# The first that fits holds.
_RULES: Final = (
    # Finance, at once: what stops money. Everything else that waits for finance is told in the digest.
    Rule("M*", "finance", "a mapping has faults, and its source stands still"),
    Rule("limit-exceeded", "finance", "a run was stopped by a limit"),
    Rule("books-closed", "finance", "bills wait because the books are closed"),
    Rule("first-sync-missing", "finance", "a source waits for its first sync, which is a person's"),
    # Nobody: it mends itself.
    Rule("lock-held", None),
    Rule("state-locked", None),
    # The operator, at once.
    Rule("quickbooks-sign-in", "operator", "QuickBooks needs a new sign-in", shared=True),
    Rule("sign-in-ends", "operator", "the sign-in to QuickBooks ends soon", shared=True),
    Rule("source-key-refused", "operator", "a source refuses its key"),
    Rule("source-silent", "operator", "a source is silent", patience=_SOON),
    Rule("disk-low", "operator", "the disk is nearly full", shared=True),
    Rule("state-disk-full", "operator", "the disk is full", shared=True),
    Rule("state-disk", "operator", "the disk fails", shared=True),
    Rule("state-*", "operator", "the state is in trouble", shared=True),
    Rule("quickbooks-*", "operator", "QuickBooks cannot be used", shared=True),
    Rule("source-*", "operator", "a source cannot be read"),
    Rule("setting*", "operator", "the settings are not valid"),
    Rule("our-fault", "operator", "a fault of the connector itself"),
)
_ANY_OTHER: Final[Mapping[Who, Rule]] = {
    "finance": Rule("*", "finance", "something that stops money"),
    "operator": Rule("*", "operator", "something only the operator can mend", shared=True),
    "us": Rule("*", "operator", "a fault of the connector itself"),
}


def rule_of(code: str, who: Who) -> Rule | None:
    """The rule for what is told at once; None where that is nothing."""
    rule = next((rule for rule in _RULES if rule.fits(code, who)), None) or _ANY_OTHER.get(who)
    return None if rule is None or rule.who is None else rule

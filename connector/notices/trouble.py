"""What is told, and what goes out: troubles and messages as data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import Problem, Who
from connector.notices.policy import Audience, rule_of
from connector.state.notices import Told

__all__ = ["Message", "Trouble", "is_told_at_once", "trouble_of"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    One trouble as it stands now.

    Args:
        key: Equal for what is the same trouble.
        who: Whom it is told.
        title: What it is, without names and amounts.
        what: What is wrong; its lines may hold anything.
        met: The source whose run met it; "" where it was looked for by itself.
        patience: Seconds that it must last before it is told.
    """

    key: str
    who: Audience
    title: str
    code: str
    what: str
    remedy: str
    source: str = ""
    met: str = ""
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """
    What goes out through one channel.

    Args:
        subject: One line without names and amounts.
        put: What the channel told, once it is out.
        drop: What it need not remember then.
    """

    subject: str
    text: str
    put: tuple[Told, ...] = ()
    drop: tuple[Told, ...] = ()

    @property
    def mark(self) -> str:
        """The same for the same message that is tried again: a mailbox keeps one of two."""
        about = [f"{each.key} {each.since} {each.told:%Y-%m-%d}" for each in (*self.put, *self.drop)]
        return hashlib.sha256("\n".join((self.subject, *(about or [self.text]))).encode()).hexdigest()[:32]

    def after(self, told: Mapping[str, Told]) -> dict[str, Told]:
        """What the channel told, once this is out."""
        gone = {each.key for each in self.drop}
        return {key: each for key, each in told.items() if key not in gone} | {each.key: each for each in self.put}


def trouble_of(problem: Problem, met: str = "") -> Trouble | None:
    """A trouble of a run or of the machine; None where nobody is told at once."""
    rule = rule_of(problem.code, problem.who)
    if rule is None or rule.who is None:
        return None
    name = problem.code if rule.code == "*" else rule.code
    source = problem.source or ("" if rule.shared else met)
    return Trouble(
        key=name if rule.shared else f"{name} {source}".rstrip(),
        who=rule.who,
        title=rule.title,
        code=problem.code,
        what=problem.what,
        remedy=problem.remedy,
        source=source,
        met=met,
        patience=rule.patience.total_seconds(),
    )


def is_told_at_once(code: str, who: Who) -> bool:
    """Whether what waits for this reason is told at once, beside the digest."""
    rule = rule_of(code, who)
    return rule is not None and (who != "finance" or rule.code == code)

"""The one table of the moves that a document may make (the write protocol); any other is a bug that says so."""

from typing import Final, Literal, get_args

from connector.errors import OurFault

__all__ = ["MOVES", "STATES", "State", "check_decision", "check_move"]

State = Literal["ready", "held", "blocked", "sending", "sent", "refused", "skipped", "removed"]

STATES: Final[tuple[State, ...]] = get_args(State)

_AT_REST: Final = ("held", "blocked", "skipped", "refused")

MOVES: Final = frozenset(
    [
        *((None, first) for first in STATES),
        *(("ready", rest) for rest in _AT_REST),
        *((rest, "ready") for rest in _AT_REST),
        ("ready", "sending"),
        ("sending", "sent"),
        ("sending", "refused"),
        ("sending", "ready"),  # proven absent
        ("sending", "held"),  # another's bill has the number
        ("sending", "removed"),
        ("sent", "sending"),  # an update, a removal
        ("sent", "held"),
        ("removed", "ready"),  # live again at the source: a new generation, to a person first
    ]
)


def check_move(old: str | None, new: str) -> None:
    """
    Let pass a move that the table has: what is sent never becomes new again (I8).

    Args:
        old: The state the document is in; None where it is new.
        new: The state it is to have.

    Raises:
        OurFault: ``move-forbidden``.
    """
    if (old, new) not in MOVES:
        raise _forbidden(f"a document may not move from {old or 'nothing'} to {new}")


def check_decision(old: str | None, new: str, *, in_quickbooks: bool) -> None:
    """
    Let pass what a decision without a request may do to a document, each step of it by the table.

    A decision starts afresh, so a resting document passes through ``ready`` on its way to another rest. A document
    that is found in QuickBooks (adopted, linked, accepted) passes through ``sending`` without a request of ours.

    Args:
        old: The state the document is in; None where it is new.
        new: The state it is to have; the same as ``old`` is no move.
        in_quickbooks: The document carries a QuickBooks id.

    Raises:
        OurFault: ``move-forbidden``; always so for a sending document, which only an intent makes, only evidence
            settles, and which takes no other order in between.
    """
    if "sending" in (old, new):
        raise _forbidden(f"a document may not move from {old or 'nothing'} to {new} without a request")
    if old == new or old is None:
        return
    if new == "sent" and in_quickbooks:
        path = ["ready", "sending", "sent"]
    elif old in _AT_REST and new in _AT_REST:
        path = ["ready", new]
    else:
        path = [new]
    for step in path:
        if step != old:
            check_move(old, step)
            old = step


def _forbidden(what: str) -> OurFault:
    return OurFault(what, code="move-forbidden", remedy="Report this; nothing was written.")

"""Write protocols that are known to be wrong, each planted over the right one."""

import dataclasses
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import pytest

from connector.push.send import Flight, Sender
from connector.state.lock import CompanyLock
from connector.state.store import State

settle = import_module("connector.push.settle")  # the package has a function of that name

Plant = Callable[[pytest.MonkeyPatch], None]


def blind_resend(patch: pytest.MonkeyPatch) -> None:
    """What went unanswered goes again without a look into QuickBooks."""
    patch.setattr(settle, "_look", lambda company, waiting: {})


def fresh_request_ids(patch: pytest.MonkeyPatch) -> None:
    """Each attempt has a request id of its own."""
    known = settle._flight

    def renamed(waiting: Any) -> Flight:
        return dataclasses.replace(known(waiting), request_id=secrets.token_hex(16))

    patch.setattr(settle, "_flight", renamed)


def no_waiting(patch: pytest.MonkeyPatch) -> None:
    """Absent counts however soon QuickBooks is asked after the send."""
    patch.setattr(settle, "_since", lambda request: float("inf"))


def whole_batch_again(patch: pytest.MonkeyPatch) -> None:
    """One absent item sends the whole batch again, the found ones too."""
    look = settle._look

    def all_or_nothing(company: Any, waiting: Any) -> Any:
        found = look(company, waiting)
        return found if len(found) == len(waiting.documents) else {}

    patch.setattr(settle, "_look", all_or_nothing)


def state_after_the_post(patch: pytest.MonkeyPatch) -> None:
    """Nothing is written down before the answer is there."""
    intend, start, landed = State.intend, State.start_attempt, Sender._landed
    later: dict[int, Any] = {}

    def not_yet(self: State, *arguments: Any, **more: Any) -> int:
        later[-len(later) - 1] = (arguments, more)
        return -len(later)

    def at_last(self: Sender, flight: Flight, answer: Any) -> Any:
        if flight.request < 0:
            arguments, more = later[flight.request]
            flight.request = intend(self._state, *arguments, **more)
            flight.attempt = start(self._state, flight.request, list(flight.items))
        return landed(self, flight, answer)

    patch.setattr(State, "intend", not_yet)
    patch.setattr(
        State, "start_attempt", lambda self, request, items: -1 if request < 0 else start(self, request, items)
    )
    patch.setattr(CompanyLock, "note_send", lambda self: None)
    patch.setattr(Sender, "_landed", at_last)


WRONG: Final[dict[str, Plant]] = {
    "blind resend": blind_resend,
    "fresh request ids": fresh_request_ids,
    "no waiting": no_waiting,
    "whole batch again": whole_batch_again,
    "state after the post": state_after_the_post,
}

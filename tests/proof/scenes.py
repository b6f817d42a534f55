"""
What a run may be about when trouble comes, each laid out once and put back for every case.

A new operation of the write protocol is one more scene: every enumeration then covers it.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from project import bill
from proof_world import BLIND, CHANGED, FORGETS, SETTLE, World

CHANGES: Final[tuple[dict[str, Any], ...]] = (FORGETS, BLIND, {"requestids": "600"})
PAYMENTS: Final = tuple({**quickbooks, "overpayments": "credit"} for quickbooks in CHANGES)
"""A bill may be paid twice here: nothing but the connector keeps it from that."""
_AUD: Final = {"CurrencyRef": {"value": "AUD"}}


@dataclass(frozen=True, slots=True)
class Scene:
    """
    One way that things stand just before the run.

    Args:
        lay_out: Makes and keeps it.
        quickbooks: Under which QuickBooks the promise holds; without its state the connector needs truthful answers.
    """

    lay_out: Callable[[World], None]
    quickbooks: tuple[dict[str, Any], ...] = (FORGETS, BLIND)


def _one_by_one(world: World) -> None:
    world.prepare(1, 2)


def _in_batches(world: World) -> None:
    world.prepare(*range(1, 15), batch_size="5")


def _several_in_flight(world: World) -> None:
    world.prepare(*range(1, 15), batch_size="4", concurrency="3")


def _throttled(world: World) -> None:
    world.prepare(*range(1, 15), batch_size="5")
    vendors, bills = {"path": "/batch", "skip": 1}, {"path": "/batch", "skip": 3}
    world.keep({"fault": "throttle", **vendors}, {"fault": "batch-item-throttled", "index": 2, **bills})


def _unanswered_singles(world: World) -> None:
    """Of three, one bill was made and one was not, and neither was answered."""
    world.prepare(1, 2, 3)
    world.project.arm("commit-then-drop")
    world.project.arm("drop-before-commit")
    assert world.run().counts == {"unknown": 2, "created": 1}
    world.time.passes(SETTLE)
    world.keep()


def _unanswered_batch(world: World) -> None:
    """Of a batch of fourteen, one bill was not made, and the answer was lost."""
    world.prepare(*range(1, 15), batch_size="30")
    for fault in ({"fault": "batch-item-throttled", "index": 2}, {"fault": "truncate"}):
        world.project.arm(**fault, path="/batch", skip=1)  # the first batch makes vendors
    assert world.run().counts == {"unknown": 14}
    world.time.passes(SETTLE)
    world.keep()


def _lost_state(world: World) -> None:
    """The state is gone; four bills of ours and one that somebody typed are there, and one is still to be made."""
    world.prepare(1, 2, 3, 4)
    world.run()
    world.project.forget()
    world.project.load("Vendor", {"DisplayName": "Affiliate 5", **_AUD})
    world.project.load("Bill", bill("CAKE-5", "Affiliate 5", 105.25, **_AUD))
    world.project.owe(5, 6)
    world.ids, world.by_hand = (1, 2, 3, 4, 5, 6), frozenset({5})
    world.keep()


def _older_state(world: World) -> None:
    """The state is a copy from before two bills, and one is still to be made."""
    world.prepare(1, 2)
    world.run()
    folder, copy = world.project.folder, world.project.folder / "copy"
    copy.mkdir()
    for path in folder.glob("state.db*"):
        shutil.copy2(path, copy)
    world.project.owe(3, 4)
    world.run()
    world.project.forget()
    for path in copy.iterdir():
        shutil.copy2(path, folder)
    world.project.owe(5)
    world.ids = (1, 2, 3, 4, 5)
    world.keep()


def _changed_and_voided(world: World, ids: tuple[int, ...]) -> None:
    """Bills that stand; of each two, the source changed one and voided one."""
    world.prepare(*ids, batch_size="5")
    world.run()
    world.project.owe(*ids[::2], total_payout=f"{CHANGED:.2f}")
    world.project.owe(*ids[1::2], invoice_status="Void")
    world.changed, world.gone = frozenset(ids[::2]), frozenset(ids[1::2])
    world.keep()


def _voided_and_credited(world: World, ids: tuple[int, ...]) -> None:
    """Bills that stand, one of them paid; the source voids all, and the policy takes bills back by credits."""
    world.prepare(*ids, batch_size="5")
    path = world.project.folder / "mappings/cake.yaml"
    text = path.read_text().split("\nexamples:")[0]
    path.write_text(text.replace("invoice voided later:      delete", "invoice voided later:      credit"))
    world.run()
    world.project.control("person", {"does": "pay", "bill": f"CAKE-{ids[0]}"})
    world.project.owe(*ids, invoice_status="Void")
    world.credited = frozenset(ids)
    world.keep()


def _paid(world: World, ids: tuple[int, ...], new: tuple[int, ...] = ()) -> None:
    """Bills that stand, and some that are new; all of them are paid at the source."""
    world.project.records_payments()
    world.prepare(*ids, batch_size="5")
    world.run()
    world.project.owe(*ids, *new, invoice_status="Paid")
    world.ids, world.paid = (*ids, *new), frozenset((*ids, *new))
    world.keep()


def _unanswered_payments(world: World) -> None:
    """Of three payments, one was made and one was not, and neither was answered."""
    _paid(world, (1, 2, 3))
    world.project.arm("commit-then-drop", "/billpayment")
    world.project.arm("drop-before-commit", "/billpayment")
    assert world.run().counts == {"unchanged": 3, "paid": 1}
    world.time.passes(SETTLE)
    world.keep()


def _unanswered_batch_of_payments(world: World) -> None:
    """Of a batch of fourteen payments, one was not made, and the answer was lost."""
    _paid(world, tuple(range(1, 15)))
    world.project.settings(batch_size="30")
    for fault in ({"fault": "batch-item-throttled", "index": 2}, {"fault": "truncate"}):
        world.project.arm(**fault, path="/batch")
    assert world.run().counts == {"unchanged": 14}
    world.time.passes(SETTLE)
    world.keep()


def _lost_state_of_payments(world: World) -> None:
    """The state is gone; two bills are paid, and one is still to be."""
    _paid(world, (1, 2))
    world.run()
    world.project.forget()
    world.project.owe(3, invoice_status="Paid")
    world.ids, world.paid = (1, 2, 3), frozenset({1, 2, 3})
    world.keep()


SELDOM: Final = frozenset(
    {
        "changed and voided in batches",
        "voided and credited in batches",
        "unanswered payments",
        "an unanswered batch of payments",
        "the state of payments lost",
        "several in flight",
        "slowed down",
        "voided and credited one by one",
    }
)
"""Of these no sample is in every test run: another scene is much like each of them."""
SELDOM_BY_OPCODE: Final = SELDOM | {"unanswered singles", "an unanswered batch"}

SCENES: Final[dict[str, Scene]] = {
    "two one by one": Scene(_one_by_one),
    "fourteen in batches": Scene(_in_batches),
    "several in flight": Scene(_several_in_flight),
    "slowed down": Scene(_throttled),
    "unanswered singles": Scene(_unanswered_singles),
    "an unanswered batch": Scene(_unanswered_batch),
    "changed and voided one by one": Scene(partial(_changed_and_voided, ids=(1, 2)), CHANGES),
    "changed and voided in batches": Scene(partial(_changed_and_voided, ids=tuple(range(1, 15))), CHANGES),
    "voided and credited one by one": Scene(partial(_voided_and_credited, ids=(1, 2))),
    "voided and credited in batches": Scene(partial(_voided_and_credited, ids=tuple(range(1, 15)))),
    "paid one by one": Scene(partial(_paid, ids=(1,), new=(2,)), PAYMENTS[:2]),
    "paid in batches": Scene(partial(_paid, ids=tuple(range(1, 15))), PAYMENTS),
    "unanswered payments": Scene(_unanswered_payments, PAYMENTS),
    "an unanswered batch of payments": Scene(_unanswered_batch_of_payments, PAYMENTS),
    "the state of payments lost": Scene(_lost_state_of_payments, PAYMENTS[:1]),
    "the state lost": Scene(_lost_state, (FORGETS,)),
    "an older state": Scene(_older_state, (FORGETS,)),
}

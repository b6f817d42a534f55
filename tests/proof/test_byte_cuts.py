"""The line is cut after each byte of a write and of its answer: the bills are made whole or not at all, and once."""

from collections.abc import Iterator

import pytest
from fault_proxy import Cut, FaultProxy
from proof import Proof
from proof_world import SETTLE, World

BEFORE = 91  # an invoice that has its bill and made the vendor
SINGLE = (1,)
BATCH = (1, 2, 3)
ONE_VENDOR = {"affiliate_id": 7, "affiliate_name": "Affiliate"}


@pytest.fixture
def proxy(world: World) -> Iterator[FaultProxy]:
    with FaultProxy(world.services.port) as proxy:
        yield proxy


def laid_out(world: World, proxy: FaultProxy, ids: tuple[int, ...], patch: pytest.MonkeyPatch) -> list[Cut]:
    """The world just before the write; every cut there is."""
    patch.setattr("connector.push.send.SINGLES", 1)
    world.project.owe(BEFORE, **ONE_VENDOR)
    world.prepare()
    world.through(proxy.url)
    world.project.owe(*ids, **ONE_VENDOR)
    world.ids = (BEFORE, *ids)
    world.keep()
    world.run()
    assert min(proxy.counted.values()) > 500
    return [
        Cut(way, after, reset)
        for way, size in proxy.counted.items()
        for after in range(size - 8)  # an answer's length may differ by a few bytes from run to run
        for reset in (False, True)
    ]


def is_cut(world: World, proxy: FaultProxy, ids: tuple[int, ...], cut: Cut) -> None:
    world.put_back(requestids="forget")
    proxy.arm(cut)

    ran = world.run()
    world.quiet()

    assert not proxy.armed, cut
    assert ran.counts == {"unchanged": 1, "unknown": len(ids)}, f"{cut}: {ran.counts} {ran.said}"
    arrived = len(ids) if cut.way == "down" else 0
    assert sum(world.bills().values()) == 1 + arrived, f"{cut}: {world.bills()}"

    world.time.passes(SETTLE)
    ran = world.run()
    assert ran.counts == {"unchanged": 1, "created": len(ids)}, f"{cut}: {ran.counts} {ran.said}"
    world.check(str(cut), whole=True)


def payment_laid_out(world: World, proxy: FaultProxy) -> list[Cut]:
    """A bill that stands and is to be paid; every cut of its payment."""
    world.project.records_payments()
    world.prepare(*SINGLE)
    world.run()
    world.through(proxy.url)
    world.project.owe(*SINGLE, invoice_status="Paid")
    world.paid = frozenset(SINGLE)
    world.keep()
    world.run()
    assert min(proxy.counted.values()) > 400
    return [
        Cut(way, after, reset)
        for way, size in proxy.counted.items()
        for after in range(size - 8)  # as above
        for reset in (False, True)
    ]


def payment_is_cut(world: World, proxy: FaultProxy, cut: Cut) -> None:
    world.put_back(requestids="forget", overpayments="credit")
    proxy.arm(cut)

    ran = world.run()
    world.quiet()

    assert not proxy.armed, cut
    assert (ran.code, ran.counts) == (6, {"unchanged": 1}), f"{cut}: {ran.counts} {ran.said}"
    assert len(world.project.held("BillPayment")) == (1 if cut.way == "down" else 0), cut

    world.time.passes(SETTLE)
    ran = world.run()
    assert ran.counts == {"unchanged": 1, "paid": 1}, f"{cut}: {ran.counts} {ran.said}"
    world.check(str(cut), whole=True)


def test_a_line_cut_at_any_byte_of_a_payment_pays_whole_or_not_at_all_and_once(
    world: World, proxy: FaultProxy, proof: Proof
) -> None:
    for cut in proof.cases("byte cuts", payment_laid_out(world, proxy), sample=4):
        payment_is_cut(world, proxy, cut)


@pytest.mark.parametrize("ids", [SINGLE, BATCH], ids=["one write", "a batch of three"])
def test_a_line_cut_at_any_byte_makes_the_bills_whole_or_not_at_all_and_once(
    world: World, proxy: FaultProxy, proof: Proof, ids: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for cut in proof.cases("byte cuts", laid_out(world, proxy, ids, monkeypatch), sample=4):
        is_cut(world, proxy, ids, cut)

"""A process is paused, or its machine sleeps, right before a write leaves: the time of the send is when it left."""

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fault_proxy import FaultProxy
from proof_world import SETTLE, World

import connector.quickbooks.client
from connector.network import exchange


@pytest.fixture
def proxy(world: World) -> Iterator[FaultProxy]:
    with FaultProxy(world.services.port) as proxy:
        yield proxy


def pauses_before_a_bill() -> None:
    """For a child: stop right before the bill leaves, until somebody lets it go on."""

    def held_up(session: Any, method: str, url: str, **more: Any) -> Any:
        if url.endswith("/bill"):
            # To this thread: it would else go on until another has taken the signal.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return exchange(session, method, url, **more)

    connector.quickbooks.client.exchange = held_up


def test_a_write_that_leaves_long_after_its_intent_is_waited_for_from_then_on(world: World, proxy: FaultProxy) -> None:
    world.prepare(1)
    world.through(proxy.url)
    world.project.switch(requestids="forget")

    def slept() -> None:
        world.time.passes(SETTLE + 60)
        proxy.arm("late")

    ended = world.child(pauses_before_a_bill, paused=slept)
    assert (ended.code, proxy.held) == (6, 1), ended
    world.time.meanwhile = proxy.deliver  # in time: QuickBooks has settle_after to work on it
    world.run()
    world.time.passes(SETTLE)
    world.recover("paused before the send")

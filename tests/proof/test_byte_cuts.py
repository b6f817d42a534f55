"""The line is cut after each byte of a write and of its answer: the bills are made whole or not at all, and once."""

import random
import time
from collections.abc import Iterator

import pytest
from fault_proxy import FaultProxy, Way
from proof_world import SEED, World

BEFORE = 91  # an invoice that has its bill and made the vendor
SINGLE = (1,)
BATCH = (1, 2, 3)
SETTLE = 0.03


@pytest.fixture
def proxy(world: World) -> Iterator[FaultProxy]:
    with FaultProxy(world.services.port) as proxy:
        yield proxy


def prepared(world: World, proxy: FaultProxy, ids: tuple[int, ...], patch: pytest.MonkeyPatch) -> dict[str, int]:
    """The world just before the write, and how many bytes it has by way."""
    patch.setattr("connector.push.send.SINGLES", 1)
    project = world.project
    project.owe(BEFORE, affiliate_id=7, affiliate_name="Affiliate")
    world.prepare(settle_after=SETTLE)
    settings = project.folder / "connector.toml"
    settings.write_text(settings.read_text().replace(f"{project.url}/quickbooks/", f"{proxy.url}/quickbooks/"))
    project.owe(*ids, affiliate_id=7, affiliate_name="Affiliate")
    world.keep()
    world.run()
    assert min(proxy.counted.values()) > 500
    return dict(proxy.counted)


def cut(world: World, proxy: FaultProxy, ids: tuple[int, ...], way: Way, after: int) -> None:
    where = f"{way} after {after} bytes"
    world.put_back(requestids="forget")
    proxy.arm(way, after)

    ran = world.run()
    world.quiet()

    assert not proxy.armed, where
    assert ran.counts == {"unchanged": 1, "unknown": len(ids)}, f"{where}: {ran.counts} {ran.said}"
    arrived = len(ids) if way == "down" else 0
    assert sum(world.bills().values()) == 1 + arrived, f"{where}: {world.bills()}"

    time.sleep(SETTLE + 0.005)
    ran = world.run()
    assert ran.counts == {"unchanged": 1, "created": len(ids)}, f"{where}: {ran.counts} {ran.said}"
    world.check((BEFORE, *ids), where, whole=True)


@pytest.mark.parametrize(("ids", "step"), [(SINGLE, 388), (BATCH, 1164)], ids=["one write", "a batch of three"])
def test_a_cut_line_makes_the_bills_whole_or_not_at_all_and_once(
    world: World, proxy: FaultProxy, ids: tuple[int, ...], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = prepared(world, proxy, ids, monkeypatch)
    draw = random.Random(f"{SEED} {ids}")
    cuts: list[tuple[Way, int]] = [
        (way, after) for way in ("up", "down") for after in range(draw.randrange(step), sizes[way] - 8, step)
    ]
    for way, after in cuts:
        cut(world, proxy, ids, way, after)
    print(f"seed {SEED}: {len(cuts)} of {sum(sizes.values())} byte cuts")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("ids", [SINGLE, BATCH], ids=["one write", "a batch of three"])
def test_a_line_cut_at_any_byte_makes_the_bills_whole_or_not_at_all_and_once(
    world: World, proxy: FaultProxy, ids: tuple[int, ...], way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = prepared(world, proxy, ids, monkeypatch)
    for after in range(sizes[way] - 8):  # an answer's length may differ by a few bytes from run to run
        cut(world, proxy, ids, way, after)
    print(f"all {sizes[way] - 8} byte cuts {way}")

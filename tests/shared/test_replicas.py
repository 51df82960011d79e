"""Which processes live: heartbeats, the judgement over the silent, good-byes."""

import asyncio
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.tasks.replicas import Pulse, Replica
from tests.lives import Life

pytestmark = pytest.mark.anyio

QUICK = Pulse(beat=0.05, dead=0.4)


class Heirs:
    """Takes over, and says who holds nothing any more."""

    def __init__(self, *, busy: bool = False, pace: float = 0) -> None:
        self.taken: list[str] = []
        self.busy = busy
        self.pace = pace
        self.orphans: list[str] = []
        self.news = asyncio.Event()

    async def orphaned(self) -> list[str]:
        return self.orphans

    async def take_over(self, dead: list[str]) -> list[str]:
        await asyncio.sleep(self.pace)
        self.taken += dead
        self.orphans = []
        self.news.set()
        return [] if self.busy else dead


def replica(life: Life, service: str) -> Replica:
    return Replica(life.database, service, QUICK)


async def known(life: Life, service: str) -> set[str]:
    async with life.engine.connect() as connection:
        rows = await connection.execute(text("SELECT id FROM replica WHERE service = :service"), {"service": service})
        return {row.id for row in rows}


async def test_who_falls_silent_is_taken_over_by_one_survivor(life: Life, other: Life) -> None:
    service = str(uuid4())
    silent, first, second = replica(life, service), replica(life, service), replica(other, service)
    for one in (silent, first, second):
        await one.join()
    heirs = Heirs()
    async with first.beating(heirs), second.beating(heirs):
        await asyncio.wait_for(heirs.news.wait(), 10)
        await asyncio.sleep(4 * QUICK.beat)
    assert heirs.taken == [silent.id]
    assert await known(life, service) == {first.id, second.id}


async def test_who_still_holds_work_is_not_forgotten(life: Life) -> None:
    service = str(uuid4())
    silent, alive = replica(life, service), replica(life, service)
    await silent.join()
    await alive.join()
    heirs = Heirs(busy=True)
    async with alive.beating(heirs):
        await asyncio.wait_for(heirs.news.wait(), 10)
        await asyncio.sleep(4 * QUICK.beat)
    assert set(heirs.taken) == {silent.id}
    assert await known(life, service) == {silent.id, alive.id}


async def test_a_good_bye_hands_the_work_on_at_once(life: Life) -> None:
    service = str(uuid4())
    patient = Pulse(beat=0.05, dead=3600)
    leaving, staying = Replica(life.database, service, patient), Replica(life.database, service, patient)
    await leaving.join()
    await staying.join()
    await leaving.leave()
    heirs = Heirs()
    async with staying.beating(heirs):
        await asyncio.wait_for(heirs.news.wait(), 10)
    assert heirs.taken == [leaving.id]


async def test_what_an_unknown_replica_holds_is_taken_over(life: Life) -> None:
    ours = replica(life, str(uuid4()))
    await ours.join()
    heirs = Heirs()
    heirs.orphans = ["claimed after it was forgotten"]
    async with ours.beating(heirs):
        await asyncio.wait_for(heirs.news.wait(), 10)
    assert heirs.taken == ["claimed after it was forgotten"]


async def test_another_service_is_none_of_our_business(life: Life) -> None:
    stranger, ours = replica(life, str(uuid4())), replica(life, str(uuid4()))
    await stranger.join()
    await ours.join()
    heirs = Heirs()
    async with ours.beating(heirs):
        await asyncio.sleep(2 * QUICK.dead)
    assert heirs.taken == []


async def test_every_boot_is_a_replica_of_its_own(life: Life) -> None:
    assert len({replica(life, "x").id for _ in range(10)}) == 10


async def test_who_is_busy_with_a_takeover_for_long_is_not_dead(life: Life, other: Life) -> None:
    service = str(uuid4())
    silent, first, second = replica(life, service), replica(life, service), replica(other, service)
    for one in (silent, first, second):
        await one.join()
    heirs = Heirs(pace=3 * QUICK.dead)
    async with first.beating(heirs), second.beating(heirs):
        await asyncio.wait_for(heirs.news.wait(), 10)
        await asyncio.sleep(QUICK.dead)
    assert heirs.taken == [silent.id]


async def test_heartbeats_do_not_queue_behind_the_work(life: Life, other: Life) -> None:
    service = str(uuid4())
    busy, idle = replica(life, service), replica(other, service)
    await busy.join()
    await idle.join()
    heirs = Heirs()
    async with busy.beating(heirs), idle.beating(heirs), AsyncExitStack() as work:
        with suppress(TimeoutError):
            async with asyncio.timeout(3 * QUICK.dead):
                while True:
                    await work.enter_async_context(life.engine.connect())
    assert heirs.taken == []


async def test_who_was_silent_for_long_is_certain_to_live_only_after_a_heartbeat(life: Life) -> None:
    one = replica(life, str(uuid4()))
    await one.join()
    await asyncio.wait_for(one.surely_alive(), 0.05)
    await asyncio.sleep(QUICK.dead)
    certain = asyncio.create_task(one.surely_alive())
    await asyncio.sleep(0.05)
    assert not certain.done()
    async with one.beating(Heirs()):
        await asyncio.wait_for(certain, 10)


async def test_a_broken_connection_is_no_death(life: Life) -> None:
    service = str(uuid4())
    one, two = replica(life, service), replica(life, service)
    await one.join()
    await two.join()
    heirs = Heirs()
    async with one.beating(heirs), two.beating(heirs):
        for _ in range(3):
            await life.cut_connections()
            await asyncio.sleep(0.1)
    assert heirs.taken == []

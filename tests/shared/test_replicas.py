"""Which processes live: heartbeats, the forgetting of the silent, leaving."""

import asyncio
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.tasks.replicas import Heartbeat, Replica
from tests.lives import Life

pytestmark = pytest.mark.anyio

QUICK = Heartbeat(interval=0.05, dead=0.4)


def replica(life: Life, service: str) -> Replica:
    return Replica(life.database, service, QUICK)


async def known(life: Life, service: str) -> set[str]:
    async with life.engine.connect() as connection:
        rows = await connection.execute(text("SELECT id FROM replica WHERE service = :service"), {"service": service})
        return {row.id for row in rows}


async def set_back(life: Life, service: str, seconds: float) -> None:
    """What a step of the database's clock does: every heartbeat so far looks that much older."""
    async with life.engine.begin() as connection:
        statement = text("UPDATE replica SET beat = beat - make_interval(secs => :s) WHERE service = :service")
        await connection.execute(statement, {"s": seconds, "service": service})


async def joined(*replicas: Replica) -> None:
    for one in replicas:
        await one.join()


async def test_who_falls_silent_is_forgotten_once(life: Life, other: Life) -> None:
    service = str(uuid4())
    silent, first, second = replica(life, service), replica(life, service), replica(other, service)
    await joined(silent, first, second)
    async with first.beating(), second.beating():
        await asyncio.sleep(2 * QUICK.dead)
        expired = [*await first.expire_silent(), *await second.expire_silent()]
    assert expired == [silent.id]
    assert await known(life, service) == {first.id, second.id}


async def test_who_leaves_is_gone_at_once(life: Life) -> None:
    service = str(uuid4())
    leaving, staying = replica(life, service), replica(life, service)
    await joined(leaving, staying)
    await leaving.leave()
    assert await known(life, service) == {staying.id}


async def test_another_service_is_none_of_our_business(life: Life) -> None:
    stranger, ours = replica(life, str(uuid4())), replica(life, str(uuid4()))
    await joined(stranger, ours)
    async with ours.beating():
        await asyncio.sleep(2 * QUICK.dead)
        assert await ours.expire_silent() == []


async def test_a_replica_never_judges_itself(life: Life) -> None:
    service = str(uuid4())
    alone = replica(life, service)
    await alone.join()
    async with alone.beating():
        await asyncio.sleep(2 * QUICK.interval)
        await set_back(life, service, 3600)
        assert await alone.expire_silent() == []
    assert await known(life, service) == {alone.id}


async def test_a_step_of_the_clock_kills_nobody(life: Life, other: Life) -> None:
    """Machines wake up, or the database's clock is set: the others are given time to beat before they are judged."""
    service = str(uuid4())
    first, second = replica(life, service), replica(other, service)
    await joined(first, second)
    async with first.beating(), second.beating():
        await asyncio.sleep(3 * QUICK.interval)
        first._last_database_time = (first._last_database_time or 0) - 3600
        second._last_database_time = (second._last_database_time or 0) - 3600
        await asyncio.sleep(2 * QUICK.interval)
        async with life.engine.begin() as connection:
            stopped = text("UPDATE replica SET beat = beat - interval '1 hour' WHERE id = :id")
            await connection.execute(stopped, {"id": second.id})
            assert await first.expire_silent() == []
        await asyncio.sleep(2 * QUICK.dead)
        assert [*await first.expire_silent(), *await second.expire_silent()] == []
    assert await known(life, service) == {first.id, second.id}


async def test_every_boot_is_a_replica_of_its_own(life: Life) -> None:
    assert len({replica(life, "x").id for _ in range(10)}) == 10


async def test_heartbeats_do_not_queue_behind_the_work(life: Life, other: Life) -> None:
    service = str(uuid4())
    busy, idle = replica(life, service), replica(other, service)
    await joined(busy, idle)
    async with busy.beating(), idle.beating(), AsyncExitStack() as work:
        with suppress(TimeoutError):
            async with asyncio.timeout(3 * QUICK.dead):
                while True:
                    await work.enter_async_context(life.engine.connect())
        assert await idle.expire_silent() == []


async def test_who_was_silent_for_long_is_certain_to_live_only_after_a_heartbeat(life: Life) -> None:
    one = replica(life, str(uuid4()))
    await one.join()
    await asyncio.wait_for(one.surely_alive(), 0.05)
    await asyncio.sleep(QUICK.dead)
    certain = asyncio.create_task(one.surely_alive())
    await asyncio.sleep(0.05)
    assert not certain.done()
    async with one.beating():
        await asyncio.wait_for(certain, 10)


async def test_a_broken_connection_is_no_death(life: Life) -> None:
    service = str(uuid4())
    one, two = replica(life, service), replica(life, service)
    await joined(one, two)
    async with one.beating(), two.beating():
        for _ in range(3):
            await life.cut_connections()
            await asyncio.sleep(0.1)
        await asyncio.sleep(2 * QUICK.interval)
        assert [*await one.expire_silent(), *await two.expire_silent()] == []

"""Who reads a task, over all processes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from shared.tasks.presence import Readers
from shared.tasks.replicas import Heartbeat, Replica
from tests.lives import Life

pytestmark = pytest.mark.anyio


async def readers_of(life: Life) -> Readers:
    replica = Replica(life.database, "test", Heartbeat(1, 10))
    await replica.join()
    return Readers(life.engine, life.notices, replica.id, life.shutdown)


@pytest.fixture
async def here(life: Life) -> AsyncIterator[Readers]:
    readers = await readers_of(life)
    yield readers
    await readers.settled()


@pytest.fixture
async def there(other: Life) -> AsyncIterator[Readers]:
    readers = await readers_of(other)
    yield readers
    await readers.settled()


async def test_a_reader_is_seen_from_everywhere_until_it_leaves(life: Life, here: Readers, there: Readers) -> None:
    task_id = await life.task()
    assert not await there.present(task_id)
    async with here.joined(task_id):
        assert await there.present(task_id)
        assert await here.present(task_id)
    await here.settled()
    assert not await there.present(task_id)


async def test_only_the_last_one_s_leaving_counts(life: Life, here: Readers, there: Readers) -> None:
    task_id = await life.task()
    async with there.joined(task_id):
        async with here.joined(task_id):
            pass
        await here.settled()
        assert await here.present(task_id)


async def test_work_that_waits_for_a_reader_hears_of_it(life: Life, here: Readers, there: Readers) -> None:
    task_id = await life.task()
    waiting = asyncio.create_task(there.somebody(task_id))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    async with here.joined(task_id):
        await asyncio.wait_for(waiting, 10)


async def test_who_comes_back_in_time_never_left(life: Life, here: Readers, there: Readers) -> None:
    task_id = await life.task()
    async with here.joined(task_id):
        gone = asyncio.create_task(there.all_left(task_id, grace=0.4))
    async with here.joined(task_id):
        await asyncio.sleep(0.6)
        assert not gone.done()
    await asyncio.wait_for(gone, 10)


async def test_a_canceled_reader_has_left(life: Life, here: Readers, there: Readers) -> None:
    task_id = await life.task()
    joined = asyncio.Event()

    async def read() -> None:
        async with here.joined(task_id):
            joined.set()
            await asyncio.Event().wait()

    reading = asyncio.create_task(read())
    await joined.wait()
    reading.cancel()
    await asyncio.wait_for(there.all_left(task_id, grace=0), 10)


async def test_a_parting_that_was_lost_is_made_up_for(life: Life, here: Readers, there: Readers) -> None:
    lost, staying = await life.task(), await life.task()
    async with here.joined(staying):
        async with life.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO reader (id, task_id, replica_id) SELECT 'lost ' || id, :lost, replica_id FROM reader "
                    "WHERE task_id = :staying"
                ),
                {"lost": lost, "staying": staying},
            )
        leaving = asyncio.create_task(there.all_left(lost, grace=0))
        await here.reconcile()
        await asyncio.wait_for(leaving, 10)
        assert await there.present(staying)


async def test_whoever_is_cancelled_while_joining_is_no_reader(life: Life, here: Readers, there: Readers) -> None:
    task_id = await life.task()

    async def read() -> None:
        async with here.joined(task_id):
            await asyncio.Event().wait()

    readings = [asyncio.create_task(read()) for _ in range(60)]
    for number, reading in enumerate(readings):
        await asyncio.sleep(0.0005 * (number % 7))
        reading.cancel()
    await asyncio.gather(*readings, return_exceptions=True)
    await here.reconcile()
    await asyncio.wait_for(there.all_left(task_id, grace=0), 10)
    await here.reconcile()
    assert not await there.present(task_id)

"""The event log's reading side: from any number on, live, from any process, in bounded memory."""

import asyncio

import pytest

from shared.tasks.follow import PAGE
from shared.tasks.model import Event, Line
from tests.lives import Life

pytestmark = pytest.mark.anyio


async def tell(life: Life, task_id: str, count: int) -> None:
    await asyncio.gather(*(life.log.append(Line(task_id, "a", f"{n}")) for n in range(count)))


async def end(life: Life, task_id: str) -> None:
    await life.log.append(Line(task_id, "end", "{}", last=True))


async def read(life: Life, task_id: str, after: int = 0) -> list[int]:
    return [event.seq async for event in life.log.following.events(task_id, after)]


@pytest.mark.parametrize("after", [0, 1, 3, 4, 9])
async def test_a_reader_gets_what_is_stored_beyond_its_number(life: Life, after: int) -> None:
    task_id = await life.task()
    await tell(life, task_id, 3)
    reading = asyncio.create_task(read(life, task_id, after))
    await end(life, task_id)
    if after > 3:
        await life.log.following.until_last(task_id)
        reading.cancel()
        return
    assert await reading == list(range(after + 1, 5))


async def test_readers_of_every_process_see_everything_in_order(life: Life, other: Life) -> None:
    task_id = await life.task()
    readings = [asyncio.create_task(read(one, task_id)) for one in (life, other) for _ in range(5)]
    for _ in range(10):
        await asyncio.gather(tell(life, task_id, 5), tell(other, task_id, 5))
    await end(other, task_id)
    assert await asyncio.gather(*readings) == [list(range(1, 102))] * 10


async def test_more_than_a_page_that_another_process_writes_at_once(life: Life, other: Life) -> None:
    task_id = await life.task()
    reading = asyncio.create_task(read(other, task_id))
    await asyncio.sleep(0)
    await tell(life, task_id, 3 * PAGE + 7)
    await end(life, task_id)
    assert await asyncio.wait_for(reading, 20) == list(range(1, 3 * PAGE + 9))
    assert len(await life.log.following.stored(task_id)) == 3 * PAGE + 8


async def test_a_reader_that_does_not_read_costs_bounded_memory(life: Life) -> None:
    task_id = await life.task()
    events = life.log.following.events(task_id)
    await tell(life, task_id, 1)
    seen = [(await anext(events)).seq]
    await tell(life, task_id, 2 * PAGE)
    reader = next(iter(life.log.following._followers[task_id]))
    assert len(reader.held) <= PAGE  # type: ignore[union-attr]
    await end(life, task_id)
    seen += [event.seq async for event in events]
    assert seen == list(range(1, 2 * PAGE + 3))


async def test_a_reader_survives_a_broken_connection(life: Life, other: Life) -> None:
    task_id = await life.task()
    reading = asyncio.create_task(read(other, task_id))
    await tell(life, task_id, 3)
    await life.cut_connections()
    await tell(life, task_id, 3)
    await end(life, task_id)
    assert await asyncio.wait_for(reading, 20) == list(range(1, 8))


async def test_watching_notices_the_ending_wherever_it_is_written(life: Life, other: Life) -> None:
    task_id = await life.task()
    with life.log.following.watching(task_id, 0) as closed:
        await tell(other, task_id, 2)
        assert not closed.is_set()
        await end(other, task_id)
        await asyncio.wait_for(closed.wait(), 10)
    with other.log.following.watching(task_id, 0) as known:
        await asyncio.wait_for(known.wait(), 10)


async def test_when_the_process_leaves_its_readers_are_let_go(life: Life) -> None:
    task_id = await life.task()
    reading = asyncio.create_task(read(life, task_id))
    await tell(life, task_id, 2)
    await asyncio.sleep(0.05)
    life.shutdown.begin()
    assert await asyncio.wait_for(reading, 5) == [1, 2]
    assert len(life.log.following) == 0


async def test_a_runner_reads_through_the_leaving_of_its_process(life: Life) -> None:
    task_id = await life.task()

    async def read_to_the_end() -> list[int]:
        return [event.seq async for event in life.log.following.events(task_id, through_shutdown=True)]

    reading = asyncio.create_task(read_to_the_end())
    await tell(life, task_id, 2)
    life.shutdown.begin()
    await end(life, task_id)
    assert await asyncio.wait_for(reading, 5) == [1, 2, 3]


async def test_what_is_read_is_what_was_written(life: Life) -> None:
    task_id = await life.task()
    data = '{"文":"\u2028 \\u0000 \U0001f600"}'
    await life.log.append(Line(task_id, None, data, last=True))
    assert [event async for event in life.log.following.events(task_id)] == [Event(1, None, data, True)]

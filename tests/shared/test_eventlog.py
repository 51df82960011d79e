"""The event log's writing side: numbers, endings, keys, writers, and a database that goes away."""

import asyncio

import pytest
from sqlalchemy import text

from shared.errors import AnalysisFailed
from shared.tasks.model import Change, Line, LogClosed, Status, StatusChanged, Superseded, ending
from tests.lives import Life

pytestmark = pytest.mark.anyio


async def numbers(life: Life, task_id: str) -> list[int]:
    return [event.seq for event in await life.log.following.stored(task_id)]


async def test_numbers_have_no_gap_whoever_writes(life: Life, other: Life) -> None:
    task_id = await life.task()
    appends = [one.log.append(Line(task_id, "a", "{}")) for one in (life, other) for _ in range(50)]
    given = await asyncio.gather(*appends)
    assert sorted(given) == list(range(1, 101))
    assert await numbers(life, task_id) == list(range(1, 101))


async def test_nothing_follows_the_ending(life: Life, other: Life) -> None:
    task_id = await life.task()
    endings = [one.log.append(Line(task_id, "end", "{}", last=True)) for one in (life, other, life, other)]
    results = await asyncio.gather(*endings, return_exceptions=True)
    assert [result for result in results if not isinstance(result, LogClosed)] == [1]
    with pytest.raises(LogClosed):
        await life.log.append(Line(task_id, "late", "{}"))
    assert await numbers(life, task_id) == [1]


async def test_an_unknown_task_takes_no_event(life: Life) -> None:
    with pytest.raises(LogClosed):
        await life.log.append(Line("nobody", "a", "{}"))


async def test_a_key_is_there_once_and_keeps_its_number(life: Life, other: Life) -> None:
    task_id = await life.task()
    assert await life.log.append(Line(task_id, "a", "{}", key="k")) == 1
    assert await other.log.append(Line(task_id, "b", "{}", key="l")) == 2
    assert await other.log.append(Line(task_id, "a", "{}", key="k")) == 1
    both = await asyncio.gather(*(one.log.append(Line(task_id, "c", "{}", key="m")) for one in (life, life, other)))
    assert both == [3, 3, 3]
    assert await numbers(life, task_id) == [1, 2, 3]


async def test_a_known_key_is_fine_even_behind_the_ending(life: Life) -> None:
    task_id = await life.task()
    await life.log.append(Line(task_id, "a", "{}", key="k"))
    await life.log.append(Line(task_id, "end", "{}", last=True))
    assert await life.log.append(Line(task_id, "a", "{}", key="k")) == 1


async def test_a_writer_whose_task_was_taken_over_is_stopped(life: Life) -> None:
    task_id = await life.task()
    await life.write_as(task_id, "first")
    await life.log.append(Line(task_id, "a", "{}", writer="first"))
    await life.write_as(task_id, "second")
    with pytest.raises(Superseded):
        await life.log.append(Line(task_id, "b", "{}", writer="first"))
    assert await life.log.append(Line(task_id, "c", "{}", writer="second")) == 2


async def test_a_line_meant_for_another_status_is_refused(life: Life) -> None:
    task_id = await life.task()
    await life.log.append(Line(task_id, "a", "{}", change=Change(status=Status.RUNNING)))
    with pytest.raises(StatusChanged):
        await life.log.append(Line(task_id, "b", "{}", only_if=Status.QUEUED, last=True))
    race = [
        life.log.append(Line(task_id, "c", "{}", change=Change(status=Status.QUEUED))),
        life.log.append(Line(task_id, "d", "{}", only_if=Status.QUEUED, last=True)),
    ]
    assert await asyncio.gather(*race) == [2, 3]


async def test_events_change_their_task_and_leave_the_rest(life: Life) -> None:
    task_id = await life.task()
    first = Change(status=Status.RUNNING, message="甲", current=1, total=4)
    await asyncio.gather(
        life.log.append(Line(task_id, "a", "{}", change=first)),
        life.log.append(Line(task_id, "b", "{}", change=Change(current=2, result='{"x":1}'))),
    )
    task = await life.tasks.find(task_id)
    assert task is not None
    assert (task.status, task.message, task.current, task.total) == (Status.RUNNING, "甲", 2, 4)
    assert (task.result, task.last_event_id, task.closed) == ({"x": 1}, 2, False)
    change = ending(AnalysisFailed("坏\x00了\ud83d"))
    await life.log.append(Line(task_id, None, "{}", last=True, change=change))
    task = await life.tasks.find(task_id)
    assert task is not None
    assert (task.status, task.error, task.error_code) == (Status.FAILED, "坏了\ufffd", "ANALYSIS_FAILED")
    assert task.closed


@pytest.mark.parametrize("poison", ["\x00", "\ud83d"])
async def test_a_line_that_cannot_be_stored_fails_alone(life: Life, poison: str) -> None:
    task_id, neighbour = await life.task(), await life.task()
    results = await asyncio.gather(
        life.log.append(Line(task_id, "a", "{}")),
        life.log.append(Line(task_id, "b", poison)),
        life.log.append(Line(neighbour, "c", "{}")),
        life.log.append(Line(task_id, "d", "{}")),
        return_exceptions=True,
    )
    assert isinstance(results[1], Exception)
    assert [results[0], results[2], results[3]] == [1, 1, 2]
    assert await life.log.append(Line(task_id, "e", "{}")) == 3, "the log lives on"


async def test_nothing_is_lost_or_doubled_while_connections_break(life: Life, other: Life) -> None:
    task_id = await life.task()

    async def write(one: Life) -> list[int]:
        return [await one.log.append(Line(task_id, "a", f'"{id(one)} {n}"')) for n in range(60)]

    async def cut() -> None:
        for _ in range(6):
            await asyncio.sleep(0.1)
            await life.cut_connections()

    first, second, _ = await asyncio.gather(write(life), write(other), cut())
    assert sorted(first + second) == list(range(1, 121))
    events = await life.log.following.stored(task_id)
    assert [event.seq for event in events] == list(range(1, 121))
    assert len({event.data for event in events}) == 120


async def test_the_head_of_the_task_agrees_with_its_log(life: Life) -> None:
    task_id = await life.task()
    await asyncio.gather(*(life.log.append(Line(task_id, "a", "{}")) for _ in range(20)))
    async with life.engine.connect() as connection:
        head = "SELECT last_event_id, (SELECT max(seq) FROM event WHERE task_id = id) FROM task WHERE id = :id"
        assert tuple((await connection.execute(text(head), {"id": task_id})).one()) == (20, 20)

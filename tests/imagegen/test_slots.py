"""Slots: how many images at once, over all processes, and whose turn it is."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from imagegen.images.order import BATCH, INTERACTIVE
from imagegen.images.slots import Slots
from tests.lives import Life

pytestmark = pytest.mark.anyio

_ORDER = text(
    "INSERT INTO task (id, kind, status, owner, parent, writer, request) "
    "VALUES (:id, 'image', 'queued', :owner, :parent, :writer, '{}')"
)


class Desk:
    """Orders of one account, worked on by a replica that lives unless told otherwise."""

    def __init__(self, life: Life, slots: Slots, account: str) -> None:
        self._life, self.slots, self.account = life, slots, account

    async def order(self, *, owner: str = "", parent: str | None = None, replica: str = "alive") -> str:
        task_id = str(uuid4())
        values = {"id": task_id, "owner": owner, "parent": parent, "writer": f"{replica} 1"}
        async with self._life.engine.begin() as connection:
            await connection.execute(_ORDER, values)
        return task_id

    async def queue(self, priority: int = INTERACTIVE, queued_at: float | None = None, **whose: str) -> str:
        task_id = await self.order(**whose)
        await self.slots.enter(task_id, self.account, priority, queued_at)
        return task_id

    async def leave(self, task_id: str) -> None:
        await self.slots.leave(task_id, self.account)

    async def holders(self) -> set[str]:
        async with self._life.engine.connect() as connection:
            statement = text("SELECT task_id FROM slot WHERE account = :name AND granted_at IS NOT NULL")
            return set(await connection.scalars(statement, {"name": self.account}))

    async def minutes_pass(self, task_id: str, minutes: int) -> None:
        statement = text("UPDATE slot SET enqueued_at = enqueued_at - make_interval(mins => :m) WHERE task_id = :id")
        async with self._life.engine.begin() as connection:
            await connection.execute(statement, {"m": minutes, "id": task_id})


Desks = Callable[[int], AbstractAsyncContextManager[Desk]]


@pytest.fixture
async def desks(life: Life) -> Desks:
    """An account with so many slots, on a database where the replica `alive` lives."""
    async with life.engine.begin() as connection:
        join = "INSERT INTO replica (id, service, beat) VALUES ('alive', 'x', clock_timestamp()) ON CONFLICT DO NOTHING"
        await connection.execute(text(join))

    @asynccontextmanager
    async def opened(limit: int) -> AsyncIterator[Desk]:
        account = str(uuid4())
        async with Slots(life.engine, life.notices, {account: limit}).running() as slots:
            yield Desk(life, slots, account)

    return opened


@pytest.mark.timeout(300)  # a thousand turns, each of some commits
async def test_a_thousand_at_once_all_get_their_turn_and_never_too_many_though_connections_break(
    life: Life, other: Life, desks: Desks
) -> None:
    held: set[str] = set()
    most = 0

    async def paint(slots: Slots, account: str, task_id: str) -> None:
        nonlocal most
        await slots.enter(task_id, account, 0)
        await slots.taken(task_id)
        held.add(task_id)
        most = max(most, len(held))
        await asyncio.sleep(0.001)
        held.remove(task_id)
        await slots.leave(task_id, account, 1)

    async with desks(5) as desk, Slots(other.engine, other.notices, {desk.account: 5}).running() as there:
        ids = [await desk.order() for _ in range(1000)]
        painting = [
            asyncio.create_task(paint(random.choice((desk.slots, there)), desk.account, task_id)) for task_id in ids
        ]
        for _ in range(3):
            await asyncio.sleep(0.3)
            await life.cut_connections()
        await asyncio.gather(*painting)
        assert await desk.slots.size(desk.account) == 0
    assert 1 < most <= 5


async def test_who_is_gone_while_its_change_waits_takes_nobody_along(desks: Desks) -> None:
    async with desks(1) as desk:
        ids = [await desk.order() for _ in range(30)]
        entering = [asyncio.create_task(desk.slots.enter(task_id, desk.account, 0)) for task_id in ids]
        await asyncio.sleep(0)
        for gone in entering[::3]:
            gone.cancel()
        await asyncio.gather(*entering, return_exceptions=True)
        for number, task_id in enumerate(ids):
            if number % 3:
                await desk.slots.taken(task_id)
                await desk.leave(task_id)


async def test_no_slot_goes_to_an_image_that_nobody_works_on_until_somebody_does(life: Life, desks: Desks) -> None:
    async with desks(1) as desk:
        orphan = await desk.queue(replica="dead")
        worked_on = await desk.queue()
        assert await desk.holders() == {worked_on}
        await desk.leave(worked_on)
        assert await desk.holders() == set()
        await life.write_as(orphan, "alive 2")
        await desk.slots.enter(orphan, desk.account, INTERACTIVE)
        assert await desk.holders() == {orphan}


async def test_an_image_whose_batch_has_ended_gets_no_slot(life: Life, desks: Desks) -> None:
    async with desks(1) as desk:
        batch = await desk.order()
        async with life.engine.begin() as connection:
            await connection.execute(text("UPDATE task SET closed = true WHERE id = :id"), {"id": batch})
        await desk.queue(parent=batch)
        assert await desk.holders() == set()


async def test_a_batch_that_has_waited_a_minute_stands_beside_single_images(desks: Desks) -> None:
    async with desks(1) as desk:
        running = await desk.queue()
        batch = await desk.queue(BATCH)
        first, second = await desk.queue(), await desk.queue()
        await desk.leave(running)
        assert await desk.holders() == {first}, "a single image overtakes a young batch"
        await desk.minutes_pass(batch, 1)
        await desk.leave(first)
        assert await desk.holders() == {batch}
        await desk.leave(batch)
        assert await desk.holders() == {second}


async def test_owners_share_what_is_free_though_one_came_first_with_many(desks: Desks) -> None:
    async with desks(4) as desk:
        running = [await desk.queue(BATCH, owner="early") for _ in range(4)]
        for _ in range(20):
            await desk.queue(BATCH, owner="early")
        late = {await desk.queue(BATCH, owner="late") for _ in range(2)}
        await desk.leave(running[0])
        await desk.leave(running[1])
        assert late <= await desk.holders()


async def test_a_change_that_the_database_refuses_fails_alone(desks: Desks) -> None:
    async with desks(40) as desk:
        ids = [await desk.order() for _ in range(40)]
        entering = [
            desk.slots.enter(task_id, desk.account, 0, 1e300 if number % 10 == 5 else None)
            for number, task_id in enumerate(ids)
        ]
        outcomes = await asyncio.gather(*entering, return_exceptions=True)
        assert [number for number, one in enumerate(outcomes) if isinstance(one, DBAPIError)] == [5, 15, 25, 35]
        assert await desk.holders() == {task_id for number, task_id in enumerate(ids) if number % 10 != 5}

"""The durable engine: what is open is worked on by exactly one living replica, until it has its ending."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from shared.errors import ScriptToFrameError
from shared.tasks.accept import Room, TaskRegistry
from shared.tasks.context import Work
from shared.tasks.engine import Engine, TaskKind
from shared.tasks.model import Change, NewTask, Status, ending
from shared.tasks.presence import Readers
from shared.tasks.replicas import Heartbeat, Replica
from tests.lives import Life

pytestmark = pytest.mark.anyio

QUICK = Heartbeat(interval=0.05, dead=0.5)
DONE = Change(status=Status.COMPLETED)


@dataclass
class Worker:
    """A runner that does what it is told to, and counts how often it was started."""

    act: Callable[[Work], object] = lambda _work: None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unable_to_fail: bool = False

    async def run(self, work: Work) -> None:
        self.begun.append(work.task.id)
        await self.gate.wait()
        self.act(work)
        await work.end("complete", {}, DONE)

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        self.failed.append(work.task.id)
        if self.unable_to_fail:
            raise KeyError("fail")
        await work.end("error", {"error": error.message}, ending(error))


@dataclass(frozen=True)
class Running:
    """A replica at work on a kind of task of its own."""

    life: Life
    engine: Engine
    kind: str

    async def accept(self) -> str:
        registry = TaskRegistry(self.life.engine, Room(), self.engine)
        return (await registry.accept(NewTask(uuid4().hex, self.kind, {}), None)).task_id

    async def ended(self, task_id: str) -> str:
        await asyncio.wait_for(self.life.log.following.until_last(task_id), 20)
        task = await self.life.tasks.find(task_id)
        assert task is not None
        assert task.closed
        return str(task.status)


@asynccontextmanager
async def replica(life: Life, kind: str, worker: Worker) -> AsyncIterator[Running]:
    one = Replica(life.database, kind, QUICK)
    readers = Readers(life.engine, life.notices, one.id, life.shutdown)
    engine = Engine(life.database, life.log, one, readers)
    async with engine.running([TaskKind(kind, worker)]):
        yield Running(life, engine, kind)


Living = Callable[[], AbstractAsyncContextManager[Life]]


async def test_what_is_accepted_is_worked_on_once(life: Life, other: Life) -> None:
    kind, worker = uuid4().hex, Worker()
    worker.gate.set()
    async with replica(life, kind, worker) as one, replica(other, kind, worker):
        ids = [await one.accept() for _ in range(5)]
        assert [await one.ended(task_id) for task_id in ids] == ["completed"] * 5
        await asyncio.sleep(4 * QUICK.interval)
    assert sorted(worker.begun) == sorted(ids)


async def test_what_a_dead_replica_worked_on_is_claimed_by_one_survivor(life: Life, living: Living) -> None:
    kind, worker = uuid4().hex, Worker()
    worker.gate.set()
    ids = [uuid4().hex for _ in range(50)]
    for task_id in ids:
        await life.register(NewTask(task_id, kind, {}))
        await life.write_as(task_id, "somebody-dead 1")
    async with living() as second, replica(life, kind, worker) as one, replica(second, kind, worker):
        for task_id in ids:
            assert await one.ended(task_id) == "completed"
    assert sorted(worker.begun) == sorted(ids), "each by one of the two"


async def test_whoever_leaves_hands_its_tasks_on(living: Living) -> None:
    kind, stuck, free = uuid4().hex, Worker(), Worker()
    free.gate.set()
    async with living() as first, living() as second:
        async with replica(first, kind, stuck) as leaving:
            task_id = await leaving.accept()
            await asyncio.sleep(0.1)
        async with replica(second, kind, free) as staying:
            assert await staying.ended(task_id) == "completed"
    assert stuck.begun == free.begun == [task_id]


async def test_a_frozen_replica_that_wakes_up_finds_its_task_taken(life: Life, living: Living) -> None:
    kind, slow, quick = uuid4().hex, Worker(), Worker()
    quick.gate.set()
    async with living() as second, replica(life, kind, slow) as frozen, replica(second, kind, quick) as survivor:
        task_id = await frozen.accept()
        await asyncio.sleep(0.1)
        await life.write_as(task_id, survivor.engine.new_writer())
        assert await survivor.ended(task_id) == "completed"
        slow.gate.set()
        await asyncio.sleep(0.2)
    assert [event.name for event in await life.log.following.stored(task_id)] == ["complete"]


async def test_a_runner_that_breaks_and_cannot_fail_still_gets_an_ending(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.tasks.engine._LONGEST_PAUSE", 0.01)

    def break_down(_work: Work) -> None:
        raise KeyError("run")

    kind, worker = uuid4().hex, Worker(break_down, unable_to_fail=True)
    worker.gate.set()
    async with replica(life, kind, worker) as one:
        assert await one.ended(await one.accept()) == "failed"
    assert len(worker.failed) == 5


async def test_a_runner_that_returns_without_an_ending_has_failed(life: Life) -> None:
    class Forgetful(Worker):
        async def run(self, work: Work) -> None:
            self.begun.append(work.task.id)

    kind, worker = uuid4().hex, Forgetful()
    async with replica(life, kind, worker) as one:
        assert await one.ended(await one.accept()) == "failed"


async def test_what_lost_its_life_is_started_again(life: Life) -> None:
    kind, worker = uuid4().hex, Worker()
    worker.gate.set()
    async with replica(life, kind, worker) as one:
        task_id = uuid4().hex
        await life.register(NewTask(task_id, kind, {}))
        await life.write_as(task_id, one.engine.new_writer())
        assert await one.ended(task_id) == "completed"


async def administer(database_url: str, change: str) -> None:
    """Change a setting of the database; only new connections see it, so all others are cut."""
    url = f"{database_url}&options=-c%20default_transaction_read_only%3Doff"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as administrator:
        name = (await (await administrator.execute("SELECT current_database()")).fetchone() or ("",))[0]
        await administrator.execute(f'ALTER DATABASE "{name}" {change}'.encode())
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query <> ''"
        )


async def test_a_database_that_can_only_be_read_is_waited_for(life: Life, database_url: str) -> None:
    """What a failover to a standby leaves behind for some seconds."""
    kind, worker = uuid4().hex, Worker()
    async with replica(life, kind, worker) as one:
        task_id = await one.accept()
        await administer(database_url, "SET default_transaction_read_only = on")
        try:
            worker.gate.set()
            assert not await life.database.ready()
            await asyncio.sleep(1)
        finally:
            await administer(database_url, "RESET default_transaction_read_only")
        assert await one.ended(task_id) == "completed"
        assert await life.database.ready()
    assert worker.failed == []


async def test_those_with_a_slot_are_claimed_first(life: Life) -> None:
    kind = uuid4().hex
    ids = [uuid4().hex for _ in range(3)]
    for number, task_id in enumerate(ids):
        await life.register(NewTask(task_id, kind, {}, total=number))
        await life.write_as(task_id, "dead 1")
    me = Replica(life.database, kind, QUICK)
    await me.join()
    claimed = [(await life.tasks.claim(me.id, [kind], 1, "t.total DESC"))[0][0].id for _ in ids]
    assert claimed == list(reversed(ids))
    assert await life.tasks.claim(me.id, [kind], 5) == []


async def test_a_living_writer_is_left_alone(life: Life) -> None:
    kind, one = uuid4().hex, Replica(life.database, "x", QUICK)
    await one.join()
    task_id = uuid4().hex
    await life.register(NewTask(task_id, kind, {}))
    await life.write_as(task_id, f"{one.id} 1")
    assert await life.tasks.claim("me", [kind], 5) == []
    async with life.engine.begin() as connection:
        await connection.execute(text("DELETE FROM replica WHERE id = :id"), {"id": one.id})
    assert [task.id for task, _ in await life.tasks.claim("me", [kind], 5)] == [task_id]

"""Recorded steps: a paid call is sent once, whoever asks and however often."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.errors import OutcomeUnknown
from shared.shutdown import Shutdown
from shared.tasks.steps import Steps
from tests.lives import Life

pytestmark = pytest.mark.anyio


async def ours() -> None:
    """Nobody else has taken this replica's work over."""


def steps_of(life: Life) -> Steps:
    return Steps(life.engine, ours, Shutdown())


class Shop:
    """Counts what it sells."""

    def __init__(self, outcome: Any = None) -> None:
        self.sold = 0
        self.outcome = outcome
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()

    async def sell(self) -> Any:
        self.sold += 1
        self.entered.set()
        await self.open.wait()
        return self.outcome


@pytest.mark.parametrize("outcome", [{"id": "7", "x": [None, "\ud83d\x00"]}, None, [], "", 0])
async def test_a_replay_gets_the_recorded_outcome(life: Life, outcome: Any) -> None:
    task_id, shop = str(uuid4()), Shop(outcome)
    results = [await steps_of(life).once(task_id, "submit-1", shop.sell) for _ in range(3)]
    assert results == [outcome] * 3
    assert shop.sold == 1


async def test_a_call_that_was_never_recorded_is_never_repeated(life: Life) -> None:
    task_id, shop = str(uuid4()), Shop()

    async def crash() -> None:
        shop.sold += 1
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await steps_of(life).once(task_id, "submit-1", crash)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await steps_of(life).once(task_id, "submit-1", shop.sell)
    assert shop.sold == 1


async def test_two_processes_never_send_both(life: Life, other: Life) -> None:
    task_id, shop = str(uuid4()), Shop({"id": "1"})
    calls = [steps_of(one).once(task_id, "submit-1", shop.sell) for one in (life, other) for _ in range(4)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert shop.sold == 1
    assert {"id": "1"} in results
    assert all(result == {"id": "1"} or isinstance(result, OutcomeUnknown) for result in results)


async def test_other_steps_and_other_tasks_are_apart(life: Life) -> None:
    steps, shop, task_id = steps_of(life), Shop(1), str(uuid4())
    for name in ("submit-1", "submit-2"):
        await steps.once(task_id, name, shop.sell)
    await steps.once(str(uuid4()), "submit-1", shop.sell)
    assert shop.sold == 3
    assert await steps.started(task_id, "submit-2")
    assert not await steps.started(task_id, "submit-3")


async def test_a_free_call_is_repeated_until_it_is_recorded(life: Life) -> None:
    steps, task_id, tries = steps_of(life), str(uuid4()), 0

    async def moody() -> str:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionError
        return "well"

    with pytest.raises(ConnectionError):
        await steps.checkpoint(task_id, "step-1", moody)
    assert [await steps.checkpoint(task_id, "step-1", moody) for _ in range(3)] == ["well"] * 3
    assert tries == 2


async def test_leaving_waits_for_the_call_under_way(life: Life) -> None:
    shutdown, shop, task_id = Shutdown(), Shop({"id": "9"}), str(uuid4())
    steps = Steps(life.engine, ours, shutdown)
    shop.open.clear()
    buying = asyncio.create_task(steps.once(task_id, "submit-1", shop.sell))
    await shop.entered.wait()
    shutdown.begin()
    leaving = asyncio.create_task(steps.drained(5))
    another = asyncio.create_task(steps.once(task_id, "submit-2", shop.sell))
    await asyncio.sleep(0.05)
    assert not leaving.done()
    shop.open.set()
    await leaving
    assert await buying == {"id": "9"}
    assert await steps_of(life).once(task_id, "submit-1", shop.sell) == {"id": "9"}
    assert shop.sold == 1, "nothing new is bought while leaving"
    another.cancel()


async def test_a_purchase_survives_a_broken_connection(life: Life) -> None:
    steps, shop, task_id = steps_of(life), Shop({"id": "5"}), str(uuid4())
    shop.open.clear()
    buying = asyncio.create_task(steps.once(task_id, "submit-1", shop.sell))
    await shop.entered.wait()
    await life.cut_connections()
    shop.open.set()
    assert await buying == {"id": "5"}
    assert await steps_of(life).once(task_id, "submit-1", shop.sell) == {"id": "5"}
    assert shop.sold == 1


async def test_nothing_is_sent_while_another_may_have_taken_the_work_over(life: Life) -> None:
    certain, shop, task_id = asyncio.Event(), Shop({"id": "3"}), str(uuid4())

    async def still_ours() -> None:
        await certain.wait()

    sending = asyncio.create_task(Steps(life.engine, still_ours, Shutdown()).once(task_id, "submit-1", shop.sell))
    await asyncio.sleep(0.2)
    assert shop.sold == 0
    certain.set()
    assert await sending == {"id": "3"}

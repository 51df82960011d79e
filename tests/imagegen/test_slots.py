"""Slots: how many pictures at once, over all processes."""

import asyncio
import random
from uuid import uuid4

import pytest

from imagegen.images.slots import Slots
from tests.lives import Life


@pytest.mark.anyio
async def test_a_thousand_at_once_all_get_their_turn_and_never_too_many_though_connections_break(
    life: Life, other: Life
) -> None:
    account = str(uuid4())
    held: set[str] = set()
    most = 0

    async def paint(slots: Slots, number: int) -> None:
        nonlocal most
        task_id = f"{account}-{number}"
        await slots.enter(task_id, account, 0)
        await slots.taken(task_id)
        held.add(task_id)
        most = max(most, len(held))
        await asyncio.sleep(0.001)
        held.remove(task_id)
        await slots.leave(task_id, account, 1)

    here, there = (Slots(one.engine, one.notices, {account: 5}) for one in (life, other))
    async with here.running(), there.running():
        painting = [asyncio.create_task(paint(random.choice((here, there)), number)) for number in range(1000)]
        for _ in range(3):
            await asyncio.sleep(0.3)
            await life.cut_connections()
        await asyncio.gather(*painting)
    assert 1 < most <= 5
    assert await here.size(account) == 0


@pytest.mark.anyio
async def test_who_is_gone_while_its_change_waits_takes_nobody_along(life: Life) -> None:
    account = str(uuid4())
    async with Slots(life.engine, life.notices, {account: 1}).running() as slots:
        entering = [asyncio.create_task(slots.enter(f"{account}-{number}", account, 0)) for number in range(30)]
        await asyncio.sleep(0)
        for gone in entering[::3]:
            gone.cancel()
        await asyncio.gather(*entering, return_exceptions=True)
        stayed = [number for number in range(30) if number % 3]
        for number in stayed:
            await slots.taken(f"{account}-{number}")
            await slots.leave(f"{account}-{number}", account)

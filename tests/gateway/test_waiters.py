"""Calls that imagegen answers late have connections of their own."""

import asyncio

import pytest
from starlette.responses import StreamingResponse

from gateway.imagegen.client import Imagegen
from gateway.settings import GatewaySettings
from shared.outbound.client import client
from tests.imagegen.ordering import order
from tests.plain import calling
from tests.stack import Stack

pytestmark = pytest.mark.anyio
CONNECTIONS = 3


async def test_callers_who_wait_for_a_picture_delay_no_other_call(stack: Stack) -> None:
    stack.tune(runninghub_seconds=[60, 60])
    with calling(stack.imagegen_url) as imagegen_client:
        path = f"/api/images/{order(imagegen_client, '灯塔', provider='runninghub')}"
    settings = GatewaySettings(PYTHON_BACKEND_URL=stack.imagegen_url)
    async with (
        client(own=True, connections=CONNECTIONS) as short,
        client(own=True, connections=CONNECTIONS) as waiting,
    ):
        imagegen = Imagegen(settings, short, waiting)
        waits = {"prefer": "wait=60"}
        waiters = [asyncio.ensure_future(imagegen.forward("GET", path, b"", waits)) for _ in range(CONNECTIONS)]
        for _ in range(CONNECTIONS + 1):
            assert (await imagegen.call("GET", path))["status"] in {"queued", "running"}
        assert not any(waiter.done() for waiter in waiters)
        await imagegen.call("DELETE", path)
        for answer in await asyncio.gather(*waiters):
            assert isinstance(answer, StreamingResponse)
            pieces = [piece async for piece in answer.body_iterator if isinstance(piece, bytes)]
            assert b'"status":"canceled"' in b"".join(pieces)
    stack.tune(runninghub_seconds=[0.2, 0.5])

"""The sandbox as one ASGI application: four vendors, the picture store, the control endpoints."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from sandbox.claude import endpoints as claude
from sandbox.claude import relay as openai_relay
from sandbox.control import endpoints as control
from sandbox.control.settings import SandboxSettings
from sandbox.control.state import SandboxState, new_state
from sandbox.deepseek import endpoints as deepseek
from sandbox.faults.connection import TRANSPORT, transport_of, until_gone
from sandbox.jimeng import endpoints as jimeng
from sandbox.jimeng.tasks import JimengTasks
from sandbox.painter import gallery as pictures
from sandbox.painter.gallery import Gallery
from sandbox.runninghub import endpoints as runninghub
from sandbox.runninghub.tasks import HubTasks

MARK = (b"x-sandbox", b"scripttoframe")


class SandboxApp(FastAPI):
    """Marks every answer, and lets faults reach the transport, which ASGI hides."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), MARK]
            await send(message)

        try:
            await super().__call__(scope, receive, marked)
        except asyncio.CancelledError:
            await _leave(scope, receive)


async def _leave(scope: Scope, receive: Receive) -> None:
    """Shutdown did not wait any longer: a cut connection, without a page of traceback."""
    if scope["type"] != "http" or scope[TRANSPORT] is None:
        raise asyncio.CancelledError
    transport_of(scope).abort()
    await until_gone(receive)


async def _left_early(request: Request, error: Exception) -> Response:
    """Nobody is there to read it."""
    return Response(status_code=499)


def create_app(settings: SandboxSettings | None = None) -> FastAPI:
    state = new_state(settings or SandboxSettings())
    gallery = Gallery(state)
    jimeng_tasks, hub_tasks = JimengTasks(state, gallery), HubTasks(state, gallery)
    _replay(state, jimeng_tasks, hub_tasks)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        gallery.close()
        state.journal.close()

    app = SandboxApp(title="ScriptToFrame sandbox", lifespan=lifespan)
    app.add_exception_handler(ClientDisconnect, _left_early)
    app.include_router(control.router(state))
    app.include_router(pictures.router(state, gallery))
    app.include_router(jimeng.router(state, gallery, jimeng_tasks))
    app.include_router(runninghub.router(state, gallery, hub_tasks))
    for vendor in (deepseek, claude, openai_relay):
        app.include_router(vendor.router(state))
    return app


def _replay(state: SandboxState, jimeng_tasks: JimengTasks, hub_tasks: HubTasks) -> None:
    """What a killed sandbox had accepted is still there, and still counts."""
    for line in state.journal.load():
        match line["what"]:
            case "jimeng":
                jimeng_tasks.replay(line)
            case "runninghub":
                hub_tasks.replay(line)
            case "clock":
                state.clock.advance(float(str(line["advance"])))

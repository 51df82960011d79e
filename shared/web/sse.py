"""A followed log as an event stream, to the letter of contract §7."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from shared.masking import mask
from shared.tasks.follow import Following
from shared.tasks.model import Event
from shared.web.language import in_callers_language, wants_english
from shared.wire import dump_line, loads

logger = logging.getLogger(__name__)

PING_SECONDS = 10
SEND_TIMEOUT_SECONDS = 20.0
_ENDINGS = frozenset({"error", "canceled", "task_error", "task_cancelled"})
_FAREWELL = b": leaving, please reconnect\n\n"


def frame(event: Event) -> bytes:
    """An event as it goes over the wire."""
    name = f"event: {event.name}\n" if event.name else ""
    fails = event.name in _ENDINGS or '"errorCode":' in event.data
    data = dump_line(in_callers_language(loads(event.data))) if fails and wants_english() else event.data
    return f"id: {event.seq}\n{name}data: {mask(data)}\n\n".encode()


@dataclass(frozen=True, slots=True)
class View:
    """What a reader sees of a task: everything above `after`. `presence` is held while the reader is there."""

    task_id: str
    after: int = 0
    presence: AbstractAsyncContextManager[object] | None = None


class FollowedLog(EventSourceResponse):
    """The response is a view: its end changes nothing. A reader that does not read is dropped and can resume."""

    def __init__(self, following: Following, view: View, *, location: bool = True) -> None:
        headers = {"Cache-Control": "no-cache, no-transform"}
        if location:
            headers["Location"] = f"/api/stream/tasks/{view.task_id}/events"
        super().__init__(
            self._frames(following, view),
            headers=headers,
            ping=PING_SECONDS,
            sep="\n",
            ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
            send_timeout=SEND_TIMEOUT_SECONDS,
            shutdown_grace_period=1.0,
        )
        del self.headers["connection"]

    async def _frames(self, following: Following, view: View) -> AsyncIterator[bytes]:
        async with view.presence or nullcontext():
            async for event in following.events(view.task_id, view.after):
                yield frame(event)
        if following.stopping:
            yield _FAREWELL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            logger.info("reader.dropped")

"""PostgreSQL's LISTEN and NOTIFY: one connection per process, callbacks by channel."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.concurrency import forever

logger = logging.getLogger(__name__)

Heard = Callable[[list[str]], None]
_RECHECK_SECONDS = 2.0
_NAMES_PER_NOTICE = 100


class Notices:
    """`on(channel, heard)` calls `heard(names)`; an empty list means "anything may have happened, look again"."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Stands before the names of notices that their own sender need not hear.
        self.origin = f"@{uuid4().hex[:12]}"
        self._heard: dict[str, list[Heard]] = {}
        self._deaf_since: float | None = time.monotonic()

    def on(self, channel: str, heard: Heard) -> None:
        self._heard.setdefault(channel, []).append(heard)

    @property
    def deaf_seconds(self) -> float:
        """For how long there has been no connection to hear by; 0 while there is one."""
        return time.monotonic() - self._deaf_since if self._deaf_since is not None else 0.0

    def recheck(self) -> None:
        for channel in self._heard:
            self._tell(channel, [])

    def _tell(self, channel: str, names: list[str]) -> None:
        for heard in self._heard.get(channel, ()):
            heard(names)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Notices"]:
        async with forever(self._listen_forever(), "notices"), forever(self._recheck_forever(), "notices.recheck"):
            yield self

    async def _recheck_forever(self) -> None:
        """Whatever notice was lost, and also while nothing can be heard at all."""
        while True:
            await asyncio.sleep(_RECHECK_SECONDS)
            self.recheck()

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                self._deaf_since = time.monotonic() if self._deaf_since is None else self._deaf_since
                logger.warning("notices.lost", extra={"reason": type(error).__name__})
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            listened: set[str] = set()
            while True:
                for channel in set(self._heard) - listened:
                    await connection.execute(f'LISTEN "{channel}"'.encode())
                    listened.add(channel)
                if self._deaf_since is not None:
                    self._deaf_since = None
                    self.recheck()
                async for notice in connection.notifies(timeout=_RECHECK_SECONDS):
                    self._hear(notice.channel, notice.payload.split(" "))

    def _hear(self, channel: str, names: list[str]) -> None:
        if names[0] == self.origin:
            return
        self._tell(channel, names[1:] if names[0].startswith("@") else names)


_NOTIFY = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")


async def notify(connection: AsyncConnection, channel: str, names: Iterable[str], origin: str = "") -> None:
    """Tell every process but the `origin`, when the connection's transaction commits.

    A payload stays below 8,000 bytes.
    """
    every = list(names)
    head = [origin] if origin else []
    payloads = [" ".join(head + every[i : i + _NAMES_PER_NOTICE]) for i in range(0, len(every), _NAMES_PER_NOTICE)]
    await connection.execute(_NOTIFY, {"channel": channel, "payloads": payloads})

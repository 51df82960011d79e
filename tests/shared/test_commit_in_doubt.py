"""A commit whose answer got lost: what was stored is not stored again, what was not is not forgotten."""

import asyncio
import contextlib

import pytest
from sqlalchemy import make_url

from shared.database.engine import pooled
from shared.shutdown import Shutdown
from shared.tasks.log import EventLog
from shared.tasks.model import Line
from tests.lives import Life

pytestmark = pytest.mark.anyio


class CommitLoser:
    """A proxy before PostgreSQL that loses the answer of one COMMIT: it took place, or it never arrived."""

    def __init__(self, socket_path: str, *, arrives: bool) -> None:
        self._path = socket_path
        self._arrives = arrives
        self.lost = 0
        self._seen = b""

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, outside = await asyncio.open_unix_connection(self._path)
        back = asyncio.create_task(self._pump(inside, writer))
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if b"COMMIT" in data and b"INSERT INTO event" in self._seen and not self.lost:
                    self.lost += 1
                    if self._arrives:
                        back.cancel()
                        await asyncio.gather(back, return_exceptions=True)
                        outside.write(data)
                        await outside.drain()
                        await inside.read(1)
                    break
                self._seen = self._seen[-65536:] + data
                outside.write(data)
        back.cancel()
        writer.transport.abort()
        outside.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_commit_whose_answer_got_lost_is_neither_repeated_nor_dropped(
    life: Life, database_url: str, arrives: bool
) -> None:
    """Two equal lines one after the other: the look of a line says nothing about whether it was stored."""
    task_id = await life.task()
    same = Line(task_id, None, '{"piece":"same"}')
    await life.log.append(same)
    folder = make_url(database_url).query["host"]
    loser = CommitLoser(f"{folder}/.s.PGSQL.5432", arrives=arrives)
    async with loser as port:
        engine = pooled(make_url(database_url).set(host="127.0.0.1", port=port, query={}).render_as_string(False))
        log = EventLog(engine, life.notices, Shutdown())
        async with log.running():
            assert await asyncio.wait_for(log.append(same), 20) == 2
            assert await log.append(same) == 3
        await engine.dispose()
    assert loser.lost == 1
    assert [event.seq for event in await life.log.following.stored(task_id)] == [1, 2, 3]

"""LISTEN and NOTIFY between processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from shared.database.notify import Notices, notify
from tests.lives import Life
from tests.plain import http
from tests.stack import Stack
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


class Ear:
    """Collects names until all that are waited for were heard."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.rechecks = 0
        self._news = asyncio.Event()

    def __call__(self, names: list[str]) -> None:
        self.rechecks += not names
        self.names |= set(names)
        self._news.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not done():
                await self._news.wait()
                self._news.clear()


@pytest.fixture
async def ear(database_url: str) -> AsyncIterator[Ear]:
    notices, ear = Notices(database_url), Ear()
    notices.on("shout", ear)
    async with notices.listening():
        await ear.until(lambda: ear.rechecks > 0)
        yield ear


async def shout(life: Life, names: list[str]) -> None:
    async with life.engine.begin() as connection:
        await notify(connection, "shout", names)


async def test_every_name_is_heard_however_many(life: Life, ear: Ear) -> None:
    names = {str(uuid4()) for _ in range(450)}
    await shout(life, sorted(names))
    await ear.until(lambda: names <= ear.names)


async def test_nothing_is_heard_of_what_was_rolled_back(life: Life, ear: Ear) -> None:
    async with life.engine.connect() as connection:
        await notify(connection, "shout", ["undone"])
        await connection.rollback()
    await shout(life, ["done"])
    await ear.until(lambda: "done" in ear.names)
    assert "undone" not in ear.names


async def test_after_a_broken_connection_everything_is_looked_at_again(
    living: Callable[[], AbstractAsyncContextManager[Life]], life: Life, ear: Ear
) -> None:
    before = ear.rechecks
    await life.cut_connections()
    await ear.until(lambda: ear.rechecks > before)
    await shout(life, ["after"])
    await ear.until(lambda: "after" in ear.names)


async def test_where_nothing_can_be_heard_it_is_looked_at_all_the_same() -> None:
    notices, ear = Notices("postgresql://127.0.0.1:1/nowhere"), Ear()
    notices.on("shout", ear)
    async with notices.listening():
        await ear.until(lambda: ear.rechecks > 1)
        assert notices.deaf_seconds > 0


def test_a_service_that_cannot_hear_is_not_ready(own_stack: Stack, database_url: str) -> None:
    """Its pool keeps the connections that it has; the one that listens is cut, and the role gets no other."""
    name = f"deaf_{uuid4().hex[:8]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} SUPERUSER LOGIN")
        address = make_url(database_url).set(username=name).render_as_string(hide_password=False)
        gateway = own_stack.add("gateway", DATABASE_URL=address).start()
        connection.execute(f"ALTER ROLE {name} NOSUPERUSER CONNECTION LIMIT 0")
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND query LIKE 'LISTEN%%'"
        assert connection.execute(cut, [name]).fetchall()
        eventually(lambda: "通知" in http.get(f"{gateway.url}/readyz").text, "it is ready and hears nothing", 30)
        connection.execute(f"ALTER ROLE {name} CONNECTION LIMIT -1")
        eventually(lambda: http.get(f"{gateway.url}/readyz").status_code == 200, "it hears and is not ready")

"""How the database is reached, and when the embedded one ends."""

import pytest
from sqlalchemy import make_url, text

from shared.database.engine import UNREACHABLE, impatient, pooled
from tests.stack import Stack
from tests.waiting import eventually


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:@/postgres?host=/tmp/some%20where",
        "postgres://user:p%40ss%2Fw%3Ard@db.example:5433/frames?sslmode=require",
    ],
)
def test_calls_to_a_silent_server_end_and_all_that_was_given_stays(url: str) -> None:
    given, made = make_url(url), make_url(impatient(url))
    assert made.set(query={}) == given.set(query={})
    assert made.query.items() >= given.query.items()
    assert made.query["tcp_user_timeout"] == "15000"


def test_an_option_in_the_url_wins() -> None:
    assert make_url(impatient("postgresql://db/frames?connect_timeout=60")).query["connect_timeout"] == "60"


@pytest.mark.anyio
async def test_who_stands_still_in_a_transaction_loses_its_locks(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.engine.IDLE_TRANSACTION_SECONDS", 1)
    frozen, other = pooled(database_url), pooled(database_url)
    lock = text("SELECT pg_advisory_xact_lock(4711)")
    async with frozen.connect() as standing, other.connect() as waiting:
        await standing.execute(lock)
        await waiting.execute(lock)
        with pytest.raises(UNREACHABLE):
            await standing.execute(text("SELECT 1"))
    async with frozen.connect() as again:
        assert (await again.execute(text("SELECT 1"))).scalar_one() == 1
    await frozen.dispose()
    await other.dispose()


def test_the_last_to_leave_stops_the_embedded_server_whoever_was_killed(own_stack: Stack) -> None:
    own_stack.start()
    own_stack.add("imagegen").start().kill()
    own_stack.add("imagegen").start()
    running = own_stack.folder / "data" / "postgres" / "postmaster.pid"
    assert running.exists()
    own_stack.stop()
    eventually(lambda: not running.exists(), "PostgreSQL is left behind")

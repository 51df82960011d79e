"""How the database is reached, and when the embedded one ends."""

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url, text

from shared.database.engine import UNREACHABLE, impatient, pooled, sqlalchemy_url
from tests.stack import Stack
from tests.waiting import eventually


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:@/postgres?host=/tmp/some%20where",
        "postgres://user:p%40ss%2Fw%3Ard@db.example:5433/frames?sslmode=require",
        "postgresql://user:a%20b@db.example/frames?options=-c%20statement_timeout%3D61s",
        " postgresql+psycopg://user:word@db.example/frames\n",
    ],
)
def test_what_an_address_says_stays_and_calls_to_a_silent_server_end(url: str) -> None:
    given = conninfo_to_dict(url.strip().replace("+psycopg", ""))
    made = impatient(url)
    read = conninfo_to_dict(made)
    assert read.items() >= given.items()
    assert read["tcp_user_timeout"] == "15000"
    sqlalchemy = make_url(sqlalchemy_url(made))
    assert sqlalchemy.drivername == "postgresql+psycopg"
    assert sqlalchemy.password == (given.get("password") or "")
    assert sqlalchemy.query.get("options") == given.get("options")


def test_an_option_in_the_url_wins() -> None:
    assert conninfo_to_dict(impatient("postgresql://db/frames?connect_timeout=60"))["connect_timeout"] == "60"


@pytest.mark.parametrize("password", ["p@ss/w:rd#1?%41&x y", "plain"])
def test_a_password_beside_the_address_may_have_any_character(password: str) -> None:
    made = impatient("postgresql://user@db/frames", password)
    assert conninfo_to_dict(made)["password"] == password
    assert make_url(sqlalchemy_url(made)).query["password"] == password
    assert conninfo_to_dict(impatient("postgresql://user:own@db/frames", password))["password"] == "own"


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

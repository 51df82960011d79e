"""PostgreSQL: the server that DATABASE_URL names, or one embedded under DATA_DIR; migrated before use."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from dbos import DBOS
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy import Connection, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.embedded import let_go, start_embedded

logger = logging.getLogger(__name__)

T = TypeVar("T")

# The durable engine's tables, per service. All are made before any engine runs: a running one delays the others' DDL.
ENGINE_SCHEMAS = {"gateway": "dbos_gateway", "imagegen": "dbos_imagegen"}

_MIGRATION_LOCK = 7_251_001
_MIGRATIONS = Path(__file__).parent / "migrations"


# libpq's options against a server that has fallen silent: a call there fails in seconds, not after the system's quarter
# of an hour. An option in DATABASE_URL itself wins.
_SILENCE = {
    "connect_timeout": "5",
    "tcp_user_timeout": "15000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
}

# A process that stands still in the middle of a transaction holds its locks against all others, for this long at most.
IDLE_TRANSACTION_SECONDS = 10
# For a transaction that waits for something else than the database while it holds a lock that few others want.
MAY_IDLE_LONG = text("SET LOCAL idle_in_transaction_session_timeout = '5min'")


class Database:
    """`url` is plain (`postgresql://…`), `engine` speaks psycopg 3."""

    def __init__(self, url: str, engine: AsyncEngine) -> None:
        self.url = url
        self.engine = engine
        self._probe: asyncio.Task[bool] | None = None

    async def ready(self) -> bool:
        """Whether a query is answered within a second."""
        # To cancel a query of a server that hangs takes seconds: the one probe is left to itself instead.
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._answers(), name="database.probe")
        probe = self._probe
        await asyncio.wait({probe}, timeout=1)
        return probe.done() and probe.result()

    async def _answers(self) -> bool:
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception:
            return False
        return True


def impatient(url: str) -> str:
    """The URL with options that end calls to a server that has fallen silent."""
    given = make_url(url)
    return given.set(query=_SILENCE | dict(given.query)).render_as_string(hide_password=False)


def sqlalchemy_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def migrate(url: str) -> None:
    """Bring all schemas to their newest version; one process at a time."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as lock:
        # Trying again instead of waiting: a waiting statement would hold up the engine's concurrent index builds.
        while not lock.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK}).scalar_one():
            time.sleep(0.1)
        with create_engine(sqlalchemy_url(url), poolclass=NullPool).connect() as connection:
            _upgrade(connection)
        for schema in ENGINE_SCHEMAS.values():
            DBOS.migrate(url, schema=schema)
    engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    revision = MigrationContext.configure(connection, opts={"version_table": "schema_version"}).get_current_revision()
    connection.rollback()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is None or revision in known:
        command.upgrade(config, "head")
    else:
        # The next release was here already; its migrations only add what this one does not look at.
        logger.warning("database.newer", extra={"revision": revision})


def pooled(url: str, pool_size: int = 10) -> AsyncEngine:
    """Connections whose transactions end when nobody goes on with them; to their owner the database was away."""
    engine = create_async_engine(
        sqlalchemy_url(url), pool_size=pool_size, max_overflow=10, pool_pre_ping=True, pool_timeout=15
    )
    event.listen(engine.sync_engine, "connect", _limit_idle_transactions)
    event.listen(engine.sync_engine, "handle_error", _tell_idle_ending, retval=True)
    return engine


def _limit_idle_transactions(connection: Any, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_SECONDS}s'")
    connection.commit()


def _tell_idle_ending(context: ExceptionContext) -> Exception | None:
    if isinstance(ended := context.original_exception, IdleInTransactionSessionTimeout):
        return OperationalError(context.statement, context.parameters, ended, connection_invalidated=True)
    return None


UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout)


async def through_outages(call: Callable[[], Awaitable[T]]) -> T:
    """Await `call()` again and again while the database is away. The call must be safe to repeat."""
    while True:
        try:
            return await call()
        except UNREACHABLE as error:
            logger.warning("database.away", extra={"reason": type(error).__name__})
            await asyncio.sleep(0.5)


@asynccontextmanager
async def opened(database_url: str, data_dir: Path, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """The migrated database for as long as the context lasts."""
    server: Any = None if database_url else await asyncio.to_thread(start_embedded, data_dir)
    url = impatient(server.get_uri() if server else database_url)
    await asyncio.to_thread(migrate, url)
    engine = pooled(url, pool_size)
    logger.info("database.ready", extra={"embedded": not database_url})
    try:
        yield Database(url, engine)
    finally:
        await engine.dispose()
        if server is not None:
            await asyncio.to_thread(let_go, server)

"""PostgreSQL: the server that DATABASE_URL names, or one embedded under DATA_DIR; migrated before use."""

import asyncio
import logging
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, ExceptionContext, create_engine, event, inspect, text
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from shared.database.embedded import let_go, start_embedded

logger = logging.getLogger(__name__)

T = TypeVar("T")

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
        """Whether the database answers within a second, and can be written to."""
        # To cancel a query of a server that hangs takes seconds: the one probe is left to itself instead.
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._answers(), name="database.probe")
        probe = self._probe
        await asyncio.wait({probe}, timeout=1)
        return probe.done() and probe.result()

    async def _answers(self) -> bool:
        try:
            async with self.engine.connect() as connection:
                writable = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
                return bool((await connection.execute(text(writable))).scalar_one())
        except Exception:
            return False


def impatient(url: str, password: str = "") -> str:
    """The URL as libpq reads it, with options that end calls to a server that has fallen silent.

    What is given is left as it is written: libpq and SQLAlchemy spell a blank differently. A `password` stands in for
    a missing one. Raises psycopg.ProgrammingError.
    """
    scheme, _, rest = url.strip().partition("://")
    plain = f"postgresql://{rest}" if scheme.startswith(("postgresql+", "postgres+")) else url.strip()
    given = conninfo_to_dict(plain)
    wanted = _SILENCE | ({"password": password} if password else {})
    missing = {name: value for name, value in wanted.items() if name not in given}
    joint = "&" if "?" in plain else "?"
    return f"{plain}{joint}{urlencode(missing, quote_via=quote)}" if missing else plain


def sqlalchemy_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def migrate(url: str) -> None:
    """Bring all schemas to their newest version; one process at a time."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT")
    with engine.connect() as lock:
        lock.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        with create_engine(sqlalchemy_url(url), poolclass=NullPool, hide_parameters=True).connect() as connection:
            _upgrade(connection)
    engine.dispose()


def _upgrade(connection: Connection) -> None:
    newest = max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    if inspect(connection).has_table("schema_version"):
        revision = connection.scalar(text("SELECT version_num FROM schema_version"))
        if revision == newest:
            return
    # Alembic takes a fifth of a second of CPU to import, and as a rule there is nothing to do.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

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
        sqlalchemy_url(url), pool_size=pool_size, max_overflow=10, pool_timeout=15, hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _limit_idle_transactions)
    event.listen(engine.sync_engine, "checkout", _refuse_broken)
    event.listen(engine.sync_engine, "handle_error", _tell_outages, retval=True)
    return engine


def _limit_idle_transactions(connection: Any, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_SECONDS}s'")
    connection.commit()


def _refuse_broken(_connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A pooled connection that has something to say unasked was closed by the server: the pool opens another.

    What a ping would find out, without its round trip and its transaction.
    """
    connection = record.driver_connection
    if not isinstance(connection, psycopg.AsyncConnection):
        return
    unasked = select.poll()
    if not connection.closed:
        unasked.register(connection.fileno(), select.POLLIN)
    if connection.closed or unasked.poll(0):
        raise DisconnectionError


class DatabaseAway(OperationalError):
    """The database cannot do it now and may soon: what was asked can be asked again."""


UNREACHABLE = (DatabaseAway, PoolTimeout)

# SQLSTATE classes and codes of an outage (PostgreSQL, appendix A): connection, operator intervention, resources and
# system errors; a read-only transaction, which a failover to a standby leaves behind; serialisation, deadlock, lock.
_OUTAGE_CLASSES = ("08", "57P", "53", "58")
_OUTAGE_CODES = {"25006", "25P03", "40001", "40P01", "55P03"}
# The connection itself is of no more use: it may lead to a server that is no longer the primary.
_BROKEN = ("08", "57P", "25006", "25P03")


def _is_outage(error: BaseException | None) -> bool:
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate.startswith(_OUTAGE_CLASSES) or error.sqlstate in _OUTAGE_CODES
    # Without an SQLSTATE it is libpq that speaks: no connection, or one that broke.
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def _tell_outages(context: ExceptionContext) -> Exception | None:
    error = context.original_exception
    if not _is_outage(error):
        return None
    broken = not getattr(error, "sqlstate", None) or str(getattr(error, "sqlstate", "")).startswith(_BROKEN)
    context.is_disconnect = context.is_disconnect or broken
    return DatabaseAway(context.statement, context.parameters, error, connection_invalidated=context.is_disconnect)


async def through_outages(call: Callable[[], Awaitable[T]]) -> T:
    """Await `call()` again and again while the database is away. The call must be safe to repeat."""
    while True:
        try:
            return await call()
        except UNREACHABLE as error:
            logger.warning("database.away", extra={"reason": type(error).__name__})
            await asyncio.sleep(0.5)


@asynccontextmanager
async def opened(
    database_url: str, data_dir: Path, *, password: str = "", pool_size: int = 10
) -> AsyncIterator[Database]:
    """The migrated database for as long as the context lasts."""
    server = None if database_url else await asyncio.to_thread(start_embedded, data_dir)
    try:
        url = impatient(server.url) if server else impatient(database_url, password)
        await asyncio.to_thread(migrate, url)
        engine = pooled(url, pool_size)
        logger.info("database.ready", extra={"embedded": not database_url})
        try:
            yield Database(url, engine)
        finally:
            await engine.dispose()
    finally:
        if server is not None:
            await asyncio.to_thread(let_go, server)

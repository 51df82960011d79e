"""Serving an app: uvicorn on uvloop, patient connections, an orderly shutdown on SIGTERM and Ctrl-C."""

import asyncio
import gc
import logging
import sys
from dataclasses import dataclass
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.shutdown import Shutdown
from shared.web.protocol import Patience, PatientProtocol, close_overdue
from shared.web.start import listening_sockets

_MOST_FILES = 65_536


class _Server(uvicorn.Server):
    """Announces the shutdown the moment the signal arrives, before connections are waited for."""

    def __init__(self, config: uvicorn.Config, shutdown: Shutdown, patience: Patience) -> None:
        super().__init__(config)
        self._departure = shutdown
        self._patience = patience

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            close_overdue(self.server_state.connections, asyncio.get_running_loop().time(), self._patience)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._departure.begin()
        super().handle_exit(sig, frame)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, the name of the setting that says so, and how long for the rest of a request."""

    host: str
    port: int
    port_setting: str
    patience: Patience


def serve(app: FastAPI, shutdown: Shutdown, listening: Listening) -> None:
    """Run until told to stop; what still runs 4 seconds after SIGTERM is cut. Raises OSError when it cannot listen."""
    # Before the database is opened: a port that is taken is told at once.
    sockets = listening_sockets(listening.host, listening.port, listening.port_setting)
    # Why an application did not start is told by shared/web/start.py.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not record.getMessage().startswith("Traceback"))
    _allow_many_connections()
    config = uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        http=PatientProtocol,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=4,
    )
    # What is there before the first request stays: looking through all of it stops the loop for a tenth of a second.
    gc.freeze()
    _Server(config, shutdown, listening.patience).run(sockets)


def _allow_many_connections() -> None:
    """Every reader holds an open file; shells often allow only 1,024."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

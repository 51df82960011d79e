"""Serving an app: uvicorn on uvloop, an orderly departure on SIGTERM and Ctrl-C."""

from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.leaving import Departure


class _Server(uvicorn.Server):
    """Announces the departure the moment the signal arrives, before connections are waited for."""

    def __init__(self, config: uvicorn.Config, departure: Departure) -> None:
        super().__init__(config)
        self._departure = departure

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._departure.announce()
        super().handle_exit(sig, frame)


def serve(app: FastAPI, departure: Departure, host: str, port: int) -> None:
    """Run until told to stop; what still runs 4 seconds after SIGTERM is cut."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=4,
    )
    _Server(config, departure).run()

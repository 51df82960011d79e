"""Where log lines go: written by threads of their own, so that an output nobody reads never holds up the service."""

import logging
import os
import select
import threading
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from shared.telemetry.metrics import LOG_LINES_DROPPED

MOST_LINES = 10_000
_FLUSH_SECONDS = 2.0


class Descriptor(logging.Handler):
    """Writes to a file descriptor without a buffer or a lock, which a stuck write would hold at exit."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def emit(self, record: logging.LogRecord) -> None:
        rest = (self.format(record) + "\n").encode("utf-8", "replace")
        while rest:
            try:
                rest = rest[os.write(self.descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self.descriptor], [])
            except OSError:
                # Its reader is gone.
                return


class Unhurried(QueueHandler):
    """Formats where the line arises and writes it in a thread; what finds no room is counted and dropped."""

    def __init__(self, output: logging.Handler, formatter: logging.Formatter) -> None:
        # A SimpleQueue, because its put never waits for a lock.
        self.waiting: SimpleQueue[Any] = SimpleQueue()
        super().__init__(self.waiting)
        self.setFormatter(formatter)
        self.output = output
        self.dropped = 0
        QueueListener(self.waiting, _Acknowledging(output)).start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return logging.makeLogRecord({"msg": self.format(record), "levelno": record.levelno})

    def enqueue(self, record: logging.LogRecord) -> None:
        if self.waiting.qsize() >= MOST_LINES:
            self.dropped += 1
            LOG_LINES_DROPPED.inc()
            return
        if self.dropped:
            told = {"msg": "logs.dropped", "levelno": logging.WARNING, "levelname": "WARNING", "lines": self.dropped}
            self.dropped = 0
            self.waiting.put(self.prepare(logging.makeLogRecord(told | {"name": __name__})))
        self.waiting.put(record)

    def flush(self) -> None:
        """Wait until everything is written, but not for an output that is stuck."""
        written = threading.Event()
        self.waiting.put(logging.makeLogRecord({"written": written}))
        written.wait(_FLUSH_SECONDS)

    def close(self) -> None:
        self.output.close()
        super().close()


class _Acknowledging(logging.Handler):
    """Hands lines on, and says when it has come to a given place."""

    def __init__(self, output: logging.Handler) -> None:
        super().__init__()
        self.output = output

    def handle(self, record: logging.LogRecord) -> bool:
        if written := getattr(record, "written", None):
            written.set()
        else:
            self.output.handle(record)
        return True


def opened(path: str, most_bytes: int, kept: int) -> logging.Handler:
    """A rotating file; its folder is made. Raises OSError."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return logging.handlers.RotatingFileHandler(path, maxBytes=most_bytes, backupCount=kept, encoding="utf-8")


def flush_all() -> None:
    """Before the process ends without its exit handlers."""
    for handler in logging.getLogger().handlers:
        with suppress(Exception):
            handler.flush()

"""Waiting for what happens somewhere else."""

import time
from collections.abc import Callable


def eventually(done: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until it is done; `what` says what is wrong when it never is."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)

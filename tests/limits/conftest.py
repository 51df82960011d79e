"""A stack whose gateways are told small limits."""

from collections.abc import Iterator

import pytest

from tests.stack import Process, Stack

KEYS = "one,two"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("small"), {"HEAD_SECONDS": "1", "BODY_IDLE_SECONDS": "1"})
    try:
        yield stack.start()
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def limited(small: Stack) -> Process:
    """Five requests a minute and key."""
    return small.add("gateway", GATEWAY_API_KEYS=KEYS, RATE_LIMIT_PER_MINUTE="5").start()


@pytest.fixture(scope="module")
def narrow(small: Stack) -> Process:
    """Three readers, two a key."""
    return small.add("gateway", GATEWAY_API_KEYS=KEYS, MAX_READERS="3", MAX_READERS_PER_KEY="2").start()

"""A stack that is locked: two API keys, and a token between the services."""

from collections.abc import Iterator

import httpx
import pytest

from tests.plain import calling
from tests.stack import Stack

ALICE = "alpha-key-3f9c"
BOB = "bravo-key-77d1"
TOKEN = "internal-token-5e0a"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Own settings: `GATEWAY_API_KEYS` and `INTERNAL_TOKEN`."""
    settings = {"GATEWAY_API_KEYS": f"{ALICE},second:{BOB}", "INTERNAL_TOKEN": TOKEN}
    stack = Stack(tmp_path_factory.mktemp("locked"), settings)
    try:
        yield stack.start()
    finally:
        stack.stop()


def caller(base_url: str, key: str | None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return calling(base_url, headers=headers)


@pytest.fixture
def alice(locked: Stack) -> Iterator[httpx.Client]:
    with caller(locked.gateway_url, ALICE) as client:
        yield client


@pytest.fixture
def bob(locked: Stack) -> Iterator[httpx.Client]:
    with caller(locked.gateway_url, BOB) as client:
        yield client


@pytest.fixture
def stranger(locked: Stack) -> Iterator[httpx.Client]:
    with caller(locked.gateway_url, None) as client:
        yield client

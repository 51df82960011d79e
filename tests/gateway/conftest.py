"""Fixtures for tests that read streams."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from shared.settings import SANDBOX_CLAUDE_KEY
from tests.imagegen.scripted_vendor import ScriptedVendor
from tests.stack import Stack


@pytest.fixture
def quick(stack: Stack) -> Iterator[Stack]:
    """The shared stack with a script model that does not take its time."""
    stack.tune(claude_deltas_per_second=0)
    yield stack
    stack.tune(claude_deltas_per_second=50)


@pytest.fixture
def replica(quick: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A second gateway."""
    return add_gateway()


@pytest.fixture
def relay(quick: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway whose script model stands behind a relay that speaks OpenAI's dialect."""
    address = f"{quick.sandbox_url}/relay/v1/chat/completions"
    return add_gateway(ANTHROPIC_API_KEY=SANDBOX_CLAUDE_KEY, ANTHROPIC_BASE_URL=address)


@pytest.fixture
def scripted(vendor: ScriptedVendor, stack: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway that knows nobody but the scripted server."""
    return add_gateway(
        DEEPSEEK_API_KEY="sk-scripted-key", DEEPSEEK_BASE_URL=vendor.url, PYTHON_BACKEND_URL=f"{vendor.url}/"
    )

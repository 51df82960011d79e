"""Fixtures for tests that read streams."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from shared.settings import SANDBOX_CLAUDE_KEY
from tests.imagegen.scripted_vendor import ScriptedVendor
from tests.plain import calling
from tests.stack import Process, Stack


@pytest.fixture
def quick(stack: Stack) -> Iterator[Stack]:
    """The shared stack with a script model that does not take its time."""
    stack.tune(claude_deltas_per_second=0)
    yield stack
    stack.tune(claude_deltas_per_second=50)


@pytest.fixture(scope="session")
def add_gateway(_running_stack: Stack) -> Iterator[Callable[..., httpx.Client]]:
    """Another replica of the gateway on the shared database, with the given settings; kept until others are wanted."""
    wanted: dict[str, str] = {}
    running: list[tuple[Process, httpx.Client]] = []

    def stop() -> None:
        for process, client in running:
            client.close()
            process.stop()
            _running_stack.processes.remove(process)
        running.clear()

    def add(**settings: str) -> httpx.Client:
        if not running or wanted != settings:
            stop()
            process = _running_stack.add("gateway", None, **settings).start()
            running.append((process, calling(process.url)))
            wanted.clear()
            wanted.update(settings)
        return running[0][1]

    yield add
    stop()


@pytest.fixture
def replica(quick: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A second gateway."""
    return add_gateway()


@pytest.fixture
def relay(quick: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway whose script model stands behind a relay that speaks OpenAI's dialect."""
    address = f"{quick.sandbox_url}/relay/v1/chat/completions"
    return add_gateway(ANTHROPIC_API_KEY=SANDBOX_CLAUDE_KEY, ANTHROPIC_BASE_URL=address)


@pytest.fixture(scope="session")
def _scripted_vendor() -> Iterator[ScriptedVendor]:
    with ScriptedVendor() as vendor:
        yield vendor


@pytest.fixture
def vendor(_scripted_vendor: ScriptedVendor) -> Iterator[ScriptedVendor]:
    """A server whose answers a test writes down; it stands for DeepSeek and for imagegen."""
    _scripted_vendor.forget()
    yield _scripted_vendor
    _scripted_vendor.forget()


@pytest.fixture
def scripted(vendor: ScriptedVendor, stack: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway that knows nobody but the scripted server."""
    return add_gateway(
        DEEPSEEK_API_KEY="sk-scripted-key", DEEPSEEK_BASE_URL=vendor.url, PYTHON_BACKEND_URL=f"{vendor.url}/"
    )

"""What is said of the vendors at start, by which way they are called, and what keeps a service from starting."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from shared.settings import SANDBOX_CLAUDE_KEY, SANDBOX_DEEPSEEK_KEY
from tests.gateway.forward_proxy import ForwardProxy
from tests.gateway.stories import analyse
from tests.gateway.told import endings, script
from tests.stack import Process, Stack, free_port


def summary(process: Process) -> dict[str, Any]:
    """The one line; the test's own time limit is the clock."""
    while True:
        lines = [json.loads(line) for line in process.log.read_text().splitlines() if '"vendors.checked"' in line]
        if lines:
            assert len(lines) == 1
            return {vendor: lines[0]["data"][vendor] for vendor in ("deepseek", "claude")}


def started(stack: Stack, **settings: str) -> dict[str, Any]:
    process = stack.add("gateway", None, **settings).start()
    try:
        return summary(process)
    finally:
        process.stop()
        stack.processes.remove(process)


def test_without_keys_the_sandbox_is_named(stack: Stack) -> None:
    told = started(stack)
    assert told == {"deepseek": "sandbox, reachable, key accepted", "claude": "sandbox, reachable, key accepted"}


def test_real_vendors_are_asked_once_and_for_free(stack: Stack) -> None:
    before = stack.ledger()
    told = started(
        stack,
        DEEPSEEK_API_KEY=SANDBOX_DEEPSEEK_KEY,
        DEEPSEEK_BASE_URL=f"{stack.sandbox_url}/v1",
        ANTHROPIC_API_KEY=SANDBOX_CLAUDE_KEY,
        ANTHROPIC_BASE_URL=f"{stack.sandbox_url}/relay/v1/chat/completions",
    )
    assert told == {"deepseek": "real, reachable, key accepted", "claude": "real, reachable, key accepted"}
    after = stack.ledger()
    assert {name: book["submitted"] for name, book in after["vendors"].items()} == {
        name: before["vendors"].get(name, {}).get("submitted", 0) for name in after["vendors"]
    }


def test_a_refused_key_and_a_dead_address_are_told_apart(stack: Stack) -> None:
    told = started(
        stack,
        DEEPSEEK_API_KEY="sk-not-theirs-1234",
        DEEPSEEK_BASE_URL=stack.sandbox_url,
        ANTHROPIC_API_KEY="sk-ant-any-key-1234",
        ANTHROPIC_BASE_URL=f"http://127.0.0.1:{free_port()}",
    )
    assert told["deepseek"].startswith("real, reachable, key refused: HTTP 401: ")
    assert told["claude"].startswith("real, not reachable: ")
    assert "sk-not-theirs" not in str(told)


def test_a_vendor_that_is_not_configured_is_told(stack: Stack) -> None:
    assert started(stack, SANDBOX_URL="") == {"deepseek": "not configured", "claude": "not configured"}


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with ForwardProxy() as proxy:
        yield proxy


@pytest.mark.parametrize("relay", ["", "/relay/v1/chat/completions"], ids=["anthropic", "openai"])
def test_vendors_are_called_by_the_proxy_and_nobody_else_is(
    quick: Stack, add_gateway: Callable[..., httpx.Client], proxy: ForwardProxy, relay: str
) -> None:
    address = quick.sandbox_url.replace("127.0.0.1", "localhost")
    client = add_gateway(
        OUTBOUND_PROXY=proxy.url,
        DEEPSEEK_API_KEY=SANDBOX_DEEPSEEK_KEY,
        DEEPSEEK_BASE_URL=address,
        ANTHROPIC_API_KEY=SANDBOX_CLAUDE_KEY,
        ANTHROPIC_BASE_URL=address + relay,
    )
    assert endings(script(client, episodes=1)) == ["complete"]
    assert analyse(client, sceneCount=1).status_code == 200
    assert client.post("/api/generate-image", json={"prompt": "雨夜"}).status_code == 200
    asked = set(proxy.asked)
    assert {"/v1/chat/completions", relay or "/v1/messages"} <= asked
    assert not [path for path in asked if path.startswith(("/api/", "/internal/"))]


def test_the_sandbox_is_not_called_by_the_proxy(quick: Stack, add_gateway: Callable[..., httpx.Client]) -> None:
    client = add_gateway(OUTBOUND_PROXY=f"http://127.0.0.1:{free_port()}")
    assert endings(script(client, episodes=1)) == ["complete"]
    assert analyse(client, sceneCount=1).status_code == 200

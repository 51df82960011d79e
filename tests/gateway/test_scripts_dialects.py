"""The script model behind every spelling of its address, and behind a relay that speaks OpenAI's dialect."""

from typing import Any

import httpx
import pytest

from shared.settings import SANDBOX_CLAUDE_KEY
from tests.gateway.told import check_whole, endings, script, wholes
from tests.stack import Stack

FIRST = "请写：第1集"


@pytest.mark.parametrize("tail", ["/v1", "/v1/messages/"])
def test_every_spelling_of_the_address_leads_to_claude(quick: Stack, add_gateway: Any, tail: str) -> None:
    client = add_gateway(ANTHROPIC_API_KEY=f" '{SANDBOX_CLAUDE_KEY}' ", ANTHROPIC_BASE_URL=quick.sandbox_url + tail)
    events = script(client, episodes=1)
    check_whole(events)
    assert events[-1].data == {"task_id": events[0].data["task_id"], "message": "剧本生成完成"}, "no demo with a key"
    assert "demo" not in events[0].data


def test_a_relay_tells_the_same_script(quick: Stack, relay: httpx.Client, gateway: httpx.Client) -> None:
    asked = quick.calls("openai", "chat")
    events = script(relay)
    check_whole(events)
    assert endings(events) == ["complete"]
    assert wholes(events) == wholes(script(gateway))
    book = quick.ledger()["vendors"]["openai"]
    assert book["calls"]["chat"] == asked + 3
    body = book["requests"][-3]["body"]
    assert '"max_tokens":' in body
    assert '"stream":true' in body
    assert "temperature" not in body


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "eof", "value": 40},
        {"kind": "missing_done"},
        {"kind": "reset_midstream", "value": 40},
        {"kind": "bad_json", "value": 40},
        {"kind": "error_midstream", "value": 40},
        {"kind": "length", "value": 200},
        {"kind": "rate_limit", "value": 1},
        {"kind": "status", "value": 503},
        {"kind": "reset"},
        {"kind": "empty"},
    ],
    ids=lambda fault: str(fault["kind"]) + str(fault.get("value", "")),
)
def test_a_relays_break_is_gone_on_from_without_a_seam(
    quick: Stack, relay: httpx.Client, fault: dict[str, Any]
) -> None:
    quick.fault(vendor="openai", match=FIRST, **fault)
    events = script(relay, episodes=1)
    check_whole(events)
    assert endings(events) == ["complete"]
    assert wholes(events) == wholes(script(relay, episodes=1))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "value": 401}, "HTTP 401: sandbox fault 401"),
        ({"kind": "status", "value": 404}, "HTTP 404: sandbox fault 404（地址 "),
        ({"kind": "code", "value": "model_not_found"}, "HTTP 400: model_not_found"),
        ({"kind": "html"}, "返回的不是事件流（text/html），请检查ANTHROPIC_BASE_URL"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_relays_refusal_is_told_with_its_reason(
    quick: Stack, relay: httpx.Client, fault: dict[str, Any], reason: str
) -> None:
    quick.fault(vendor="openai", **fault)
    events = script(relay)
    data = events[-1].data
    assert data["message"].startswith(f"生成内容出错: {reason}")
    assert data["errorCode"] == "LLM_ERROR"
    assert wholes(events) == []


@pytest.mark.parametrize("size", [1, pytest.param(2, marks=pytest.mark.soak), 3, 101])
def test_a_relays_bytes_may_be_cut_anywhere(quick: Stack, relay: httpx.Client, size: int) -> None:
    quick.fault(vendor="openai", kind="bytewise", value=size, times=2)
    events = script(relay, episodes=1)
    check_whole(events)
    assert wholes(events) == wholes(script(relay, episodes=1))


def test_a_wrong_key_is_named_and_not_shown(quick: Stack, add_gateway: Any) -> None:
    client = add_gateway(ANTHROPIC_API_KEY="sk-ant-wrong-key", ANTHROPIC_BASE_URL=quick.sandbox_url)
    events = script(client)
    assert events[-1].data["message"] == "生成内容出错: HTTP 401: invalid x-api-key"
    assert b"sk-ant" not in events[-1].raw

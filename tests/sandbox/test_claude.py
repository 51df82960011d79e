"""The Messages API as the vendor documents it: what it refuses, and how it streams."""

import asyncio
import json
import time
from typing import Any

import anthropic
import httpx
import pytest

from sandbox.control.keys import CLAUDE_KEY
from tests.sandbox.calling import ControlCaller

pytestmark = pytest.mark.anyio

QUESTION = "题材：都市悬疑\n每集时长：2分钟\n总集数：3\n<characters>\n张明,男,28\n</characters>"
HEADERS = {"x-api-key": CLAUDE_KEY, "anthropic-version": "2026-10-21"}


def request_body(**changes: Any) -> dict[str, Any]:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 8000,
        "messages": [{"role": "user", "content": QUESTION}],
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


async def ask(http: httpx.AsyncClient, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    return await http.post(
        "/v1/messages", headers=HEADERS if headers is None else headers, json=request_body(**changes)
    )


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.split("\n") for block in text.split("\n\n") if block]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def text_of(events: list[tuple[str, dict[str, Any]]]) -> str:
    deltas = [data["delta"] for name, data in events if name == "content_block_delta"]
    return "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta")


async def test_a_stream_has_the_documented_sequence(http: httpx.AsyncClient) -> None:
    response = await ask(http, stream=True)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["request-id"].startswith("req_")
    events = events_of(response.text)
    assert all(name == data["type"] for name, data in events)
    names = [name for name, _ in events if name != "content_block_delta"]
    assert names == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_stop",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    kinds = list(dict.fromkeys(data["delta"]["type"] for name, data in events if name == "content_block_delta"))
    assert kinds == ["thinking_delta", "signature_delta", "text_delta"]
    assert next(data for name, data in events if name == "message_delta")["delta"]["stop_reason"] == "end_turn"


async def test_deltas_are_short_and_join_to_the_whole_answer(http: httpx.AsyncClient) -> None:
    events = events_of((await ask(http, stream=True)).text)
    sizes = [len(data["delta"]["text"]) for _, data in events if data.get("delta", {}).get("type") == "text_delta"]
    assert max(sizes) <= 6
    assert min(sizes[:-1]) >= 2
    whole = (await ask(http)).json()["content"]
    assert [block["type"] for block in whole] == ["thinking", "text"]
    assert whole[1]["text"] == text_of(events)
    assert "张明" in text_of(events)


async def test_the_official_client_reads_it(http: httpx.AsyncClient) -> None:
    async with anthropic.AsyncAnthropic(api_key=CLAUDE_KEY, base_url=str(http.base_url), max_retries=0) as client:
        message = await client.messages.create(
            model="claude-sonnet-5-5", max_tokens=100, messages=[{"role": "user", "content": QUESTION}]
        )
    assert message.stop_reason == "max_tokens"


async def test_either_header_carries_the_key_and_x_api_key_wins(http: httpx.AsyncClient) -> None:
    version = {"anthropic-version": "2026-10-21"}
    bearer = {**version, "authorization": f"Bearer {CLAUDE_KEY}"}
    assert (await ask(http, bearer)).status_code == 200
    wrong = await ask(http, {**bearer, "x-api-key": "sk-other"})
    assert wrong.status_code == 401
    assert wrong.json()["error"] == {"type": "authentication_error", "message": "invalid x-api-key"}
    assert (await ask(http, version)).json()["error"]["message"] == "x-api-key header is required"


@pytest.mark.parametrize(
    ("changes", "status", "kind", "message"),
    [
        ({"model": "claude-3-7-sonnet-20250219"}, 404, "not_found_error", "model: claude-3-7-sonnet-20250219"),
        ({"temperature": 1}, 400, "invalid_request_error", "temperature: Extra inputs are not permitted"),
        ({"top_k": 5}, 400, "invalid_request_error", "top_k: Extra inputs are not permitted"),
        ({"colour": "red"}, 400, "invalid_request_error", "colour: Extra inputs are not permitted"),
        ({"max_tokens": None}, 400, "invalid_request_error", "max_tokens: Field required"),
        ({"max_tokens": 0}, 400, "invalid_request_error", "max_tokens: Input should be greater than or equal to 1"),
        ({"messages": []}, 400, "invalid_request_error", "messages: at least one message is required"),
        ({"messages": None}, 400, "invalid_request_error", "messages: Field required"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, 400, "invalid_request_error", "thinking.type"),
    ],
)
async def test_what_the_vendor_refuses(
    http: httpx.AsyncClient, changes: dict[str, Any], status: int, kind: str, message: str
) -> None:
    response = await ask(http, **changes)
    assert response.status_code == status
    body = response.json()
    assert body["type"] == "error"
    assert body["error"]["type"] == kind
    assert body["error"]["message"].startswith(message)
    assert body["request_id"] == response.headers["request-id"]


async def test_sampling_was_allowed_for_old_models_under_the_old_version(http: httpx.AsyncClient) -> None:
    old = {**HEADERS, "anthropic-version": "2023-06-01"}
    assert (await ask(http, old, temperature=0.7, model="claude-sonnet-4-5")).status_code == 200
    assert (await ask(http, old, temperature=0.7)).status_code == 400


async def test_version_and_content_type_are_required(http: httpx.AsyncClient) -> None:
    assert "anthropic-version" in (await ask(http, {"x-api-key": CLAUDE_KEY})).json()["error"]["message"]
    plain = await http.post("/v1/messages", headers={**HEADERS, "content-type": "text/plain"}, content=b"{}")
    assert plain.status_code == 400
    broken = await http.post("/v1/messages", headers={**HEADERS, "content-type": "application/json"}, content=b"{")
    assert broken.json()["error"]["message"] == "The request body is not valid JSON"


async def test_a_body_over_32_mb_is_too_large(http: httpx.AsyncClient) -> None:
    headers = {**HEADERS, "content-type": "application/json"}
    response = await http.post("/v1/messages", headers=headers, content=b" " * (32 * 2**20 + 1))
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "request_too_large"


async def test_prefill_is_refused_from_4_6_on_and_continued_before(http: httpx.AsyncClient) -> None:
    whole = (await ask(http)).json()["content"][1]["text"]
    messages = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": whole[:40]}]
    refused = await ask(http, messages=messages)
    assert refused.status_code == 400
    assert "prefill" in refused.json()["error"]["message"]
    assert (await ask(http, messages=messages, model="claude-opus-4-6")).status_code == 400
    accepted = await ask(http, messages=messages, model="claude-sonnet-4-5")
    assert accepted.json()["content"] == [{"type": "text", "text": whole[40:]}]


async def test_a_further_user_turn_continues_the_text_exactly(http: httpx.AsyncClient) -> None:
    whole = text_of(events_of((await ask(http, stream=True)).text))
    messages = [
        {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        {"role": "assistant", "content": whole[:100]},
        {"role": "user", "content": "请从断开处继续"},
    ]
    rest = text_of(events_of((await ask(http, stream=True, messages=messages)).text))
    assert whole[:100] + rest == whole


async def test_max_tokens_really_cuts(http: httpx.AsyncClient) -> None:
    events = events_of((await ask(http, stream=True, max_tokens=20)).text)
    assert len(text_of(events)) == 30
    assert events[-2][1]["delta"]["stop_reason"] == "max_tokens"


async def test_a_stop_sequence_cuts_before_it(http: httpx.AsyncClient) -> None:
    body = (await ask(http, stop_sequences=["》"])).json()
    assert "》" not in body["content"][1]["text"]
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "》")


@pytest.mark.parametrize("path", ["/v1/v1/messages", "/v1/messages/v1/messages", "/messages"])
async def test_a_doubled_path_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    response = await http.post(path, headers=HEADERS, json=request_body())
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "not_found_error"


async def test_the_pace_is_not_quicker_than_configured(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.set(claude_deltas_per_second=200)
    begun = time.monotonic()
    events = events_of((await ask(http, stream=True, max_tokens=100)).text)
    deltas = sum(name == "content_block_delta" for name, _ in events)
    assert time.monotonic() - begun > 0.6 * deltas / 200


async def test_a_reader_who_leaves_ends_the_stream_within_a_second(
    http: httpx.AsyncClient, control: ControlCaller
) -> None:
    await control.set(claude_deltas_per_second=1)
    async with http.stream("POST", "/v1/messages", headers=HEADERS, json=request_body(stream=True)) as response:
        await anext(response.aiter_bytes())
        assert (await http.get("/_ledger")).json()["open_streams"] == {"claude": 1}
    async with asyncio.timeout(1):
        while (await http.get("/_ledger")).json()["open_streams"]:
            pass


async def test_the_ledger_counts_accepted_questions_and_masks_the_key(
    http: httpx.AsyncClient, control: ControlCaller
) -> None:
    await ask(http)
    await ask(http, model="gone")
    book = await control.ledger("claude")
    assert book["calls"] == {"messages": 2}
    assert book["submissions"] == {QUESTION: 1}
    assert CLAUDE_KEY not in json.dumps(book)

"""Every way in which a Messages stream can go wrong, seen from the socket."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from sandbox.claude.faults import KINDS
from tests.sandbox.calling import ControlCaller
from tests.sandbox.test_claude import HEADERS, QUESTION, ask, events_of, request_body, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def whole(http: httpx.AsyncClient) -> str:
    return text_of(events_of((await ask(http, stream=True)).text))


async def streamed(http: httpx.AsyncClient, control: ControlCaller, kind: str, value: Any = None) -> httpx.Response:
    await control.fault("claude", kind, value=value)
    return await ask(http, stream=True)


async def received(http: httpx.AsyncClient) -> bytes:
    """What arrives before the connection breaks."""
    got = bytearray()
    with pytest.raises(httpx.TransportError):
        await _collect(http, got)
    return bytes(got)


async def _collect(http: httpx.AsyncClient, got: bytearray) -> None:
    async with http.stream("POST", "/v1/messages", headers=HEADERS, json=request_body(stream=True)) as response:
        async for piece in response.aiter_bytes():
            got.extend(piece)


async def test_an_error_in_mid_stream_follows_the_given_number_of_deltas(
    http: httpx.AsyncClient, control: ControlCaller, whole: str
) -> None:
    events = events_of((await streamed(http, control, "error_midstream", "api_error:7")).text)
    assert events[-1][0] == "error"
    assert events[-1][1]["error"]["type"] == "api_error"
    assert sum(data.get("delta", {}).get("type") == "text_delta" for _, data in events) == 7
    assert whole.startswith(text_of(events))


async def test_a_clean_end_without_message_stop(http: httpx.AsyncClient, control: ControlCaller) -> None:
    events = events_of((await streamed(http, control, "eof", 3)).text)
    assert events[-1][0] == "content_block_delta"
    assert sum(data.get("delta", {}).get("type") == "text_delta" for _, data in events) == 3


async def test_a_reset_breaks_the_connection(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.set(claude_deltas_per_second=500)
    await control.fault("claude", "reset_midstream", value=5)
    got = await received(http)
    assert b"message_start" in got
    assert b"message_stop" not in got


async def test_a_stall_lasts_as_long_as_told(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.fault("claude", "stall_midstream", value="0.3:4")
    begun = time.monotonic()
    got = await received(http)
    assert time.monotonic() - begun >= 0.3
    assert got.count(b"text_delta") == 4


async def test_bad_json_ends_the_stream(http: httpx.AsyncClient, control: ControlCaller) -> None:
    data = (await streamed(http, control, "bad_json", 2)).text.rstrip("\n").rpartition("data: ")[2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(data)


async def test_bytewise_chunks_cut_inside_characters(
    http: httpx.AsyncClient, control: ControlCaller, whole: str
) -> None:
    await control.fault("claude", "bytewise", value=1)
    request = http.stream("POST", "/v1/messages", headers=HEADERS, json=request_body(stream=True, max_tokens=60))
    async with request as response:
        raw = b"".join([piece async for piece in response.aiter_raw()])
    assert text_of(events_of(raw.decode())) == whole[:90]


async def test_events_without_names(http: httpx.AsyncClient, control: ControlCaller) -> None:
    text = (await streamed(http, control, "eventless")).text
    assert "event:" not in text
    assert text.startswith('data: {"type":"message_start"')


async def test_carriage_returns(http: httpx.AsyncClient, control: ControlCaller, whole: str) -> None:
    raw = (await streamed(http, control, "crlf")).content
    assert raw.count(b"\r\n") == raw.count(b"\n")
    assert text_of(events_of(raw.decode().replace("\r\n", "\n"))) == whole


async def test_unknown_events_stand_between_the_known(
    http: httpx.AsyncClient, control: ControlCaller, whole: str
) -> None:
    text = (await streamed(http, control, "unknown_events")).text
    known = text.replace(": a comment\n\n", "")
    events = events_of(known)
    assert "future_event" in {name for name, _ in events}
    assert text_of(events) == whole


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("refusal", "refusal"), ("max_tokens", "max_tokens"), ("context_window", "model_context_window_exceeded")],
)
async def test_other_reasons_to_stop(
    http: httpx.AsyncClient, control: ControlCaller, whole: str, kind: str, reason: str
) -> None:
    events = events_of((await streamed(http, control, kind, 25)).text)
    assert events[-2][1]["delta"]["stop_reason"] == reason
    assert text_of(events) == whole[:25]


@pytest.mark.parametrize(("kind", "text"), [("empty_text", ""), ("short", "好的。")])
async def test_too_little_text_with_a_good_ending(
    http: httpx.AsyncClient, control: ControlCaller, kind: str, text: str
) -> None:
    events = events_of((await streamed(http, control, kind)).text)
    assert text_of(events) == text
    assert events[-2][1]["delta"]["stop_reason"] == "end_turn"


async def test_a_continuation_repeats_the_last_characters(
    http: httpx.AsyncClient, control: ControlCaller, whole: str
) -> None:
    await control.fault("claude", "overlap", value=12)
    said = [{"role": "assistant", "content": whole[:100]}, {"role": "user", "content": "继续"}]
    response = await ask(http, stream=True, messages=[{"role": "user", "content": QUESTION}, *said])
    assert text_of(events_of(response.text)) == whole[88:]


async def test_the_other_dialect(http: httpx.AsyncClient, control: ControlCaller) -> None:
    text = (await streamed(http, control, "openai_format")).text
    assert text.startswith('data: {"id":"chatcmpl')
    assert text.endswith("data: [DONE]\n\n")


async def test_the_rate_limit_says_when_to_come_back(http: httpx.AsyncClient, control: ControlCaller) -> None:
    response = await streamed(http, control, "rate_limit", 17)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "17"
    assert response.headers["anthropic-ratelimit-requests-limit"] == "4000"
    assert response.json()["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize(
    ("kind", "value", "status", "error"),
    [
        ("overloaded", None, 529, "overloaded_error"),
        ("status", 500, 500, "api_error"),
        ("status", 402, 402, "billing_error"),
        ("code", "permission_error", 403, "permission_error"),
    ],
)
async def test_refusals_in_the_vendors_words(
    http: httpx.AsyncClient, control: ControlCaller, kind: str, value: Any, status: int, error: str
) -> None:
    response = await streamed(http, control, kind, value)
    assert response.status_code == status
    assert response.json()["error"]["type"] == error


async def test_a_page_instead_of_a_stream(http: httpx.AsyncClient, control: ControlCaller) -> None:
    response = await streamed(http, control, "html")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


async def test_random_cuts_fall_in_different_places(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.fault("claude", "eof", times=-1)
    lengths = {len((await ask(http, stream=True)).content) for _ in range(8)}
    assert len(lengths) > 4


async def test_only_the_matching_question_is_hit(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.fault("claude", "overloaded", match="第9集")
    assert (await ask(http)).status_code == 200
    asked = [{"role": "user", "content": "请写：第9集\n每集时长：1分钟"}]
    assert (await ask(http, messages=asked)).status_code == 529


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_no_fault_leaves_a_stream_open(http: httpx.AsyncClient, control: ControlCaller, kind: str) -> None:
    values = {"stall_midstream": "0.05:2", "open_after_end": 0.05, "pings_after_end": 0.1}
    await control.fault("claude", kind, value=values.get(kind))
    try:
        await ask(http, stream=True)
    except httpx.TransportError:
        assert kind in {"reset_midstream", "stall_midstream", "open_after_end"}
    async with asyncio.timeout(2):
        while (await http.get("/_ledger")).json()["open_streams"]:
            pass


@pytest.mark.parametrize("kind", ["error_midstream", "eof", "reset_midstream", "bad_json"])
async def test_an_answer_in_one_piece_fails_too(http: httpx.AsyncClient, control: ControlCaller, kind: str) -> None:
    await control.fault("claude", kind)
    with pytest.raises((httpx.TransportError, json.JSONDecodeError, AssertionError)):
        assert (await ask(http)).json()["type"] == "message"

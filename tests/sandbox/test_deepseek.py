"""DeepSeek as documented: both bases, thinking by default, waiting bytes, and all its ways to disappoint."""

import json
import time
from typing import Any

import httpx
import pytest

from sandbox.control.keys import DEEPSEEK_KEY
from sandbox.story.telling import answer
from tests.sandbox.calling import ControlCaller
from tests.sandbox.storyboards import frame_question, read_question

pytestmark = pytest.mark.anyio

QUESTION = read_question()
KEY = {"authorization": f"Bearer {DEEPSEEK_KEY}"}
QUIET = {"type": "disabled"}


async def ask(http: httpx.AsyncClient, path: str = "/v1/chat/completions", **changes: Any) -> httpx.Response:
    body = {
        "model": "deepseek-flash",
        "messages": [{"role": "user", "content": QUESTION}],
        "thinking": QUIET,
        "temperature": 0.7,
        **changes,
    }
    return await http.post(path, headers=KEY, json=body)


async def said(http: httpx.AsyncClient, **changes: Any) -> tuple[str, str]:
    """Content and finish reason."""
    choice = (await ask(http, **changes)).json()["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
async def test_both_bases_answer_with_the_cut_story(http: httpx.AsyncClient, path: str) -> None:
    response = await ask(http, path)
    body = response.json()
    assert response.content.startswith(b"\n")
    assert body["choices"][0]["message"] == {"role": "assistant", "content": answer(QUESTION)}
    assert body["choices"][0]["finish_reason"] == "stop"


async def test_usage_adds_up(http: httpx.AsyncClient) -> None:
    usage = (await ask(http)).json()["usage"]
    assert usage["prompt_cache_hit_tokens"] + usage["prompt_cache_miss_tokens"] == usage["prompt_tokens"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"]


async def test_it_thinks_unless_told_not_to(http: httpx.AsyncClient) -> None:
    body = (await ask(http, thinking=None)).json()
    assert body["choices"][0]["message"]["reasoning_content"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "reasoning_content" not in (await ask(http)).json()["choices"][0]["message"]


async def test_a_stream_tells_the_same(http: httpx.AsyncClient) -> None:
    text = (await ask(http, stream=True, thinking=None)).text
    assert text.startswith(": keep-alive\n\n")
    data = [block.removeprefix("data: ") for block in text.split("\n\n") if block.startswith("data: ")]
    assert data[-1] == "[DONE]"
    chunks = [json.loads(each)["choices"][0] for each in data[:-1]]
    assert "".join(chunk["delta"].get("content") or "" for chunk in chunks) == answer(QUESTION)
    assert any(chunk["delta"].get("reasoning_content") for chunk in chunks)
    assert chunks[-1]["finish_reason"] == "stop"
    assert json.loads(data[-2])["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("model", ["deepseek-chat", "deepseek-reasoner", "gpt-4"])
async def test_retired_and_unknown_models_do_not_exist(http: httpx.AsyncClient, model: str) -> None:
    response = await ask(http, model=model)
    assert response.status_code == 400
    error = {"message": "Model Not Exist", "type": "invalid_request_error", "param": None}
    assert response.json() == {"error": {**error, "code": "invalid_request_error"}}


async def test_a_wrong_key_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post(
        "/chat/completions", headers={"authorization": "Bearer sk-1234567890"}, json={"model": "deepseek-flash"}
    )
    assert response.status_code == 401
    assert response.json()["error"]["message"] == "Authentication Fails, Your api key: ****7890 is invalid"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"messages": []}, 400),
        ({"messages": "hello"}, 422),
        ({"messages": [{"role": "user"}]}, 422),
        ({"max_tokens": 0}, 400),
        ({"max_tokens": 400_000}, 400),
        ({"temperature": 3}, 400),
        ({"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "你好"}]}, 400),
    ],
)
async def test_bad_parameters(http: httpx.AsyncClient, changes: dict[str, Any], status: int) -> None:
    assert (await ask(http, **changes)).status_code == status


async def test_json_mode_answers_with_an_object(http: httpx.AsyncClient) -> None:
    content, _ = await said(http, response_format={"type": "json_object"})
    assert json.loads(content)["beats"]


TOOL = {
    "name": "report",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"beats": {"type": "array", "items": {"type": "integer"}}},
        "required": ["beats"],
        "additionalProperties": False,
    },
}


async def test_a_strict_tool_is_called_with_the_answer_at_the_beta_base(http: httpx.AsyncClient) -> None:
    tools = [{"type": "function", "function": TOOL}]
    choice = (await ask(http, "/beta/chat/completions", tools=tools)).json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "report", "arguments": answer(QUESTION)}
    text = (await ask(http, "/beta/chat/completions", tools=tools, stream=True)).text
    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in text.split("\n\n") if line.startswith("data: {")]
    pieces = [delta["tool_calls"][0]["function"]["arguments"] for delta in deltas if delta.get("tool_calls")]
    assert "".join(pieces) == answer(QUESTION)


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/v1/chat/completions", TOOL),
        ("/beta/chat/completions", TOOL | {"parameters": {"type": "object", "properties": {}}}),
    ],
)
async def test_strict_tools_need_the_beta_base_and_a_closed_schema(
    http: httpx.AsyncClient, path: str, tool: dict[str, Any]
) -> None:
    assert (await ask(http, path, tools=[{"type": "function", "function": tool}])).status_code == 400


async def test_max_tokens_cuts_and_a_further_turn_completes(http: httpx.AsyncClient) -> None:
    first, reason = await said(http, max_tokens=40)
    assert (first, reason) == (answer(QUESTION)[: len(first)], "length")
    assert 40 < len(first) < 140, "0.3 tokens for an ASCII character, 0.6 for any other"
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": first}]
    rest, reason = await said(http, messages=[*turns, {"role": "user", "content": "继续"}])
    assert (first + rest, reason) == (answer(QUESTION), "stop")


@pytest.mark.parametrize(
    ("kind", "value", "content", "reason"),
    [
        ("insufficient", 10, answer(QUESTION)[:10], "insufficient_system_resource"),
        ("length", 10, answer(QUESTION)[:10], "length"),
        ("blank", None, " " * 64, "stop"),
        ("null_content", None, None, "stop"),
    ],
)
async def test_answers_that_are_not_usable(
    http: httpx.AsyncClient, control: ControlCaller, kind: str, value: int | None, content: str | None, reason: str
) -> None:
    await control.fault("deepseek", kind, value=value)
    assert await said(http) == (content, reason)
    assert await said(http) == (answer(QUESTION), "stop")


async def test_an_answer_without_choices(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.fault("deepseek", "no_choices")
    assert (await ask(http)).json()["choices"] == []


async def test_blank_lines_defeat_a_read_timeout(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await control.fault("deepseek", "keepalive_forever", value=1)
    begun = time.monotonic()
    body = {"model": "deepseek-flash", "messages": [{"role": "user", "content": QUESTION}]}
    response = await http.post("/chat/completions", headers=KEY, json=body, timeout=0.5)
    assert time.monotonic() - begun >= 0.8
    assert response.json()["choices"]


@pytest.mark.parametrize(
    ("kind", "value", "status"), [("overloaded", None, 503), ("status", 402, 402), ("status", 429, 429)]
)
async def test_refusals(
    http: httpx.AsyncClient, control: ControlCaller, kind: str, value: int | None, status: int
) -> None:
    await control.fault("deepseek", kind, value=value)
    response = await ask(http)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("kind", ["reset", "reset_after", "truncate"])
async def test_broken_connections(http: httpx.AsyncClient, control: ControlCaller, kind: str) -> None:
    await control.fault("deepseek", kind, value=40)
    with pytest.raises(httpx.TransportError):
        await ask(http)


async def test_frames_can_be_missing(http: httpx.AsyncClient, control: ControlCaller) -> None:
    asked = [{"role": "user", "content": frame_question(parts=4)}]
    await control.fault("deepseek", "missing_frames", value=2, match="<frames>")
    short, _ = await said(http, messages=asked)
    whole, _ = await said(http, messages=asked)
    assert [len(json.loads(text)["frames"]) for text in (short, whole)] == [3, 5]


@pytest.mark.parametrize(
    ("kind", "begins"), [("refuse", "抱歉"), ("prose", "好的，"), ("thoughts", "<think>"), ("cut_json", '{"beats"')]
)
async def test_answers_can_be_something_else_than_json(
    http: httpx.AsyncClient, control: ControlCaller, kind: str, begins: str
) -> None:
    await control.fault("deepseek", kind)
    content, reason = await said(http)
    assert content.startswith(begins)
    assert reason == "stop"
    assert (await said(http))[0] == answer(QUESTION)


async def test_damaged_answers_by_number(http: httpx.AsyncClient, control: ControlCaller) -> None:
    asked = [{"role": "user", "content": frame_question(parts=2)}]
    await control.fault("deepseek", "damaged", value=6, match="<frames>")
    fenced, _ = await said(http, messages=asked)
    assert fenced.startswith("```markdown\n")


@pytest.mark.parametrize("base", ["", "/v1"])
async def test_models_are_listed(http: httpx.AsyncClient, base: str) -> None:
    names = [model["id"] for model in (await http.get(f"{base}/models", headers=KEY)).json()["data"]]
    assert names == ["deepseek-flash", "deepseek-v4-pro"]
    assert (await http.get(f"{base}/models")).status_code == 401


async def test_balance(http: httpx.AsyncClient) -> None:
    assert (await http.get("/user/balance", headers=KEY)).json()["is_available"] is True


async def test_the_ledger_counts_each_question(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await ask(http)
    await control.fault("deepseek", "overloaded")
    await ask(http)
    book = await control.ledger("deepseek")
    assert book["calls"] == {"chat": 2}
    assert book["submissions"] == {QUESTION: 1}
    assert DEEPSEEK_KEY not in json.dumps(book)

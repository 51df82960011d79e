"""A relay that answers for Claude in OpenAI's dialect, at the address that DeepSeek also uses."""

import json
from typing import Any

import httpx
import pytest

from sandbox.control.keys import CLAUDE_KEY, DEEPSEEK_KEY
from tests.sandbox.calling import ControlCaller
from tests.sandbox.test_claude import QUESTION

pytestmark = pytest.mark.anyio

PATHS = ["/v1/chat/completions", "/relay/v1/chat/completions"]


async def ask(http: httpx.AsyncClient, path: str = PATHS[0], key: str = CLAUDE_KEY, **changes: Any) -> httpx.Response:
    body = {
        "model": "claude-sonnet-5-5",
        "stream": True,
        "messages": [{"role": "user", "content": QUESTION}],
        **changes,
    }
    return await http.post(path, headers={"authorization": f"Bearer {key}"}, json=body)


def data_of(text: str) -> list[str]:
    return [block.removeprefix("data: ") for block in text.split("\n\n") if block]


def text_of(text: str) -> str:
    chunks = [json.loads(data) for data in data_of(text) if data != "[DONE]"]
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if "choices" in chunk)


@pytest.mark.parametrize("path", PATHS)
async def test_a_stream_ends_with_a_reason_and_done(http: httpx.AsyncClient, path: str) -> None:
    data = data_of((await ask(http, path)).text)
    assert data[-1] == "[DONE]"
    assert json.loads(data[-2])["choices"][0]["finish_reason"] == "stop"


async def test_both_dialects_tell_the_same_text(http: httpx.AsyncClient) -> None:
    streamed = text_of((await ask(http)).text)
    assert "张明" in streamed
    assert (await ask(http, stream=False)).json()["choices"][0]["message"]["content"] == streamed


async def test_a_wrong_key_is_refused(http: httpx.AsyncClient) -> None:
    response = await ask(http, PATHS[1], key="sk-other")
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"


async def test_a_deepseek_key_never_reaches_claude(http: httpx.AsyncClient) -> None:
    response = await ask(http, key=DEEPSEEK_KEY)
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "Model Not Exist"


async def test_max_tokens_ends_with_length(http: httpx.AsyncClient) -> None:
    text = (await ask(http, max_tokens=20)).text
    assert len(text_of(text)) == 30
    assert '"finish_reason":"length"' in text


async def test_a_continuation_is_the_exact_remainder(http: httpx.AsyncClient) -> None:
    whole = text_of((await ask(http)).text)
    said = [{"role": "assistant", "content": whole[:77]}, {"role": "user", "content": "继续"}]
    response = await ask(http, messages=[{"role": "user", "content": QUESTION}, *said])
    assert text_of(response.text) == whole[77:]


@pytest.mark.parametrize(
    ("kind", "value", "ending"),
    [
        ("missing_done", None, '"finish_reason":"stop"}]}'),
        ("length", 10, "[DONE]"),
        ("error_midstream", 3, '"code":"overloaded"}}'),
        ("eof", 3, '"finish_reason":null}]}'),
        ("bad_json", 3, '[{"del'),
    ],
)
async def test_broken_streams(
    http: httpx.AsyncClient, control: ControlCaller, kind: str, value: int | None, ending: str
) -> None:
    await control.fault("openai", kind, value=value)
    assert data_of((await ask(http)).text)[-1].endswith(ending)


@pytest.mark.parametrize("kind", ["reset_midstream", "stall_midstream", "reset", "truncate"])
async def test_broken_connections(http: httpx.AsyncClient, control: ControlCaller, kind: str) -> None:
    await control.fault("openai", kind, value=5)
    with pytest.raises(httpx.TransportError):
        await http.post(
            PATHS[0],
            headers={"authorization": f"Bearer {CLAUDE_KEY}"},
            json={"model": "claude-sonnet-5-5", "stream": True, "messages": [{"role": "user", "content": QUESTION}]},
            timeout=0.5,
        )


async def test_the_ledger_knows_the_relay_by_its_own_name(http: httpx.AsyncClient, control: ControlCaller) -> None:
    await ask(http)
    assert (await control.ledger("openai"))["submissions"] == {QUESTION: 1}

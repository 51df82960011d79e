"""When a streamed answer is over, and what of it reaches a reader: every case in both dialects."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.gateway.told import ORDER, Told, check_whole, endings, script, task_of, text_of, wholes
from tests.stack import Stack

DIRECTORY = "请为下面的要求设计一部短剧"
FIRST = "请写：第1集"
VENDORS = {"claude": "messages", "openai": "chat"}


class Model:
    """A gateway, and the vendor that its script model stands at."""

    def __init__(self, stack: Stack, client: httpx.Client, vendor: str) -> None:
        self.stack, self.client, self.vendor = stack, client, vendor

    def fault(self, **fault: Any) -> None:
        self.stack.fault(vendor=self.vendor, **fault)

    def calls(self) -> int:
        return self.stack.calls(self.vendor, VENDORS[self.vendor])


@pytest.fixture(params=VENDORS)
def model(request: pytest.FixtureRequest, quick: Stack, gateway: httpx.Client, relay: httpx.Client) -> Model:
    vendor = str(request.param)
    return Model(quick, gateway if vendor == "claude" else relay, vendor)


@pytest.fixture(scope="module")
def expected() -> dict[str, list[str]]:
    return {}


@pytest.fixture
def whole(model: Model, expected: dict[str, list[str]]) -> list[str]:
    """The same script from a model in good health."""
    if model.vendor not in expected:
        expected[model.vendor] = wholes(script(model.client, episodes=1))
    return expected[model.vendor]


@pytest.mark.parametrize("kind", ["open_after_end", "pings_after_end", "missing_marker"])
def test_a_good_stop_reason_ends_the_part_whatever_the_connection_does(
    model: Model, whole: list[str], kind: str
) -> None:
    model.fault(kind=kind, times=2)
    asked = model.calls()
    events = script(model.client, episodes=1)
    check_whole(events)
    assert wholes(events) == whole
    assert model.calls() == asked + 2, "one call for each part"


@pytest.mark.parametrize("reason", ["END", "eos", "Stop", "completed", "end_turn", "stop_sequence"])
def test_every_word_for_a_good_end_is_understood(model: Model, whole: list[str], reason: str) -> None:
    model.fault(kind="strange_reason", value=reason, times=2)
    assert wholes(script(model.client, episodes=1)) == whole


def test_an_unknown_stop_reason_is_told(model: Model) -> None:
    model.fault(kind="strange_reason", value="tired")
    events = script(model.client, episodes=1)
    assert events[-1].data["message"] == "生成内容出错: 模型因意外的原因停止（tired）"


@pytest.mark.parametrize("part", [DIRECTORY, FIRST], ids=["directory", "episode"])
def test_a_part_that_holds_all_that_was_asked_for_is_not_continued(
    quick: Stack, gateway: httpx.Client, part: str
) -> None:
    before = quick.calls("claude", "messages")
    quick.fault(vendor="claude", match=part, kind="error_at_the_end", times=-1)
    events = script(gateway, episodes=1)
    check_whole(events)
    assert endings(events) == ["complete"]
    assert quick.calls("claude", "messages") == before + 2


def test_the_marker_alone_is_no_good_end(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match=FIRST, kind="empty_text")
    quick.fault(vendor="claude", match=DIRECTORY, kind="missing_reason")
    before = quick.calls("claude", "messages")
    script(gateway, episodes=1)
    assert quick.calls("claude", "messages") >= before + 2


def test_a_part_that_breaks_off_for_ever_is_given_up_after_eight_continuations(model: Model) -> None:
    model.fault(match=FIRST, kind="eof", value=1, times=-1)
    asked = model.calls()
    events = script(model.client, episodes=1)
    assert events[-1].data["message"] == "生成内容出错: 回答一再中断，未能写完"
    assert model.calls() == asked + 1 + 1 + 8, "the directory, the episode and its continuations"
    assert text_of(events, 1), "what was paid for is kept"


@pytest.mark.parametrize("kind", ["thoughts", "lone_thoughts"])
def test_no_thought_reaches_a_reader_or_the_store(model: Model, whole: list[str], kind: str) -> None:
    model.fault(kind=kind, times=2)
    events = script(model.client, episodes=1)
    assert wholes(events) == whole
    assert endings(events) == ["complete"]
    assert not [event for event in events if b"think>" in event.raw]
    assert [_kept(events, episode) for episode in (0, 1)] == whole
    task = model.client.get(f"/api/stream/tasks/{task_of(events)}").json()
    assert task["full_script"] == "\n\n".join(whole)
    prompts = model.client.get(f"/api/stream/extract-scene-prompts/{task_of(events)}").text
    assert "思路" not in prompts


def _kept(events: list[Told], episode: int) -> str:
    """What a reader holds of a part that drops it when told so."""
    dropped = [n for n, e in enumerate(events) if e.name == "episode_retry" and e.data["episode"] == episode]
    return text_of(events[dropped[-1] :] if dropped else events, episode)


def test_a_thought_that_was_taken_for_text_is_not_shown_as_an_unfinished_part(model: Model) -> None:
    model.fault(match=FIRST, kind="lone_thoughts")
    events = script(model.client, episodes=1)
    task = model.client.get(f"/api/stream/tasks/{task_of(events)}").json()
    assert all("思路" not in part["content"] for part in task["episodes"])


@pytest.mark.parametrize(("value", "character"), [(None, "😀"), ("lone", "\ufffd")])
def test_half_characters_are_joined(model: Model, value: str | None, character: str) -> None:
    model.fault(kind="half_character", value=value, times=2)
    events = script(model.client, episodes=1)
    check_whole(events)
    assert endings(events) == ["complete"]
    assert all(part.count(character) == 1 for part in wholes(events))


def test_half_a_character_in_a_request_still_reaches_the_model(model: Model) -> None:
    cut = httpx.Request("POST", "/", json=ORDER | {"episodes": 1, "genre": "CUT"}).content.replace(b"CUT", rb"\ud83d")
    headers = {"Content-Type": "application/json"}
    answer = model.client.post("/api/stream/generate-script", content=cut, headers=headers)
    assert "event: complete" in answer.text
    assert "\ufffd" in model.stack.requests(model.vendor)[-2]["prompt"]


@pytest.fixture
def impatient(model: Model, add_gateway: Callable[..., httpx.Client]) -> Callable[..., httpx.Client]:
    """Makes a gateway at the same model with bounds of its own."""
    address = {} if model.vendor == "claude" else _relay(model.stack)
    return lambda **settings: add_gateway(**address, **settings)


def _relay(stack: Stack) -> dict[str, str]:
    return {
        "ANTHROPIC_API_KEY": "sk-sandbox-claude",
        "ANTHROPIC_BASE_URL": f"{stack.sandbox_url}/relay/v1/chat/completions",
    }


def test_thinking_counts_as_life(model: Model, whole: list[str], impatient: Callable[..., httpx.Client]) -> None:
    client = impatient(LLM_SILENCE_SECONDS="1")
    model.fault(match=DIRECTORY, kind="thinks_long", value=2.5)
    asked = model.calls()
    assert wholes(script(client, episodes=1)) == whole
    assert model.calls() == asked + 2


def test_thinking_without_end_is_told_in_its_own_words(model: Model, impatient: Callable[..., httpx.Client]) -> None:
    client = impatient(LLM_SILENCE_SECONDS="5", LLM_TEXT_SECONDS="1")
    model.fault(match=DIRECTORY, kind="thinks_long", value=30)
    asked = model.calls()
    data = script(client, episodes=1)[-1].data
    assert (data["message"], data["reason"]) == ("生成内容出错: 模型思考了1秒，没有写出正文", "NO_TEXT")
    assert model.calls() == asked + 1


def test_thoughts_without_text_are_no_script(model: Model) -> None:
    model.fault(match=DIRECTORY, kind="only_thoughts")
    data = script(model.client, episodes=1)[-1].data
    assert (data["message"], data["reason"]) == ("角色表和目录生成失败", "NO_TEXT")


@pytest.mark.parametrize("kind", ["error_object", "error_line"])
def test_an_error_with_http_200_is_told_in_the_vendors_words(model: Model, kind: str) -> None:
    model.fault(kind=kind, value="insufficient_user_quota:用户额度不足，剩余额度：$0.02")
    asked = model.calls()
    data = script(model.client, episodes=1)[-1].data
    assert data["message"] == "生成内容出错: 用户额度不足，剩余额度：$0.02"
    assert data["reason"] == "VENDOR_BALANCE_EMPTY"
    assert (data["vendor"]["name"], data["vendor"]["code"]) == (model.vendor, "insufficient_user_quota")
    assert model.calls() == asked + 1


def test_moderation_told_inside_a_200_is_told_as_such(model: Model) -> None:
    model.fault(kind="error_line", value="DataInspectionFailed:Output data may contain inappropriate content.")
    data = script(model.client, episodes=1)[-1].data
    told = "DataInspectionFailed: Output data may contain inappropriate content."
    assert (data["message"], data["reason"]) == (f"生成内容出错: {told}", "CONTENT_REFUSED")


def test_a_whole_body_in_the_place_of_a_stream_is_read(model: Model, whole: list[str]) -> None:
    model.fault(kind="plain_body", times=2)
    assert wholes(script(model.client, episodes=1)) == whole


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "VENDOR_KEY_REFUSED"),
        (402, "VENDOR_BALANCE_EMPTY"),
        (403, "VENDOR_NOT_OPENED"),
        (404, "VENDOR_NOT_OPENED"),
    ],
)
def test_a_refusal_names_its_reason_and_who_gave_it(model: Model, status: int, reason: str) -> None:
    model.fault(kind="status", value=status)
    data = script(model.client, episodes=1)[-1].data
    assert (data["reason"], data["vendor"]["name"]) == (reason, model.vendor)
    assert data["vendor"]["code"]
    if model.vendor == "claude":
        assert data["vendor"]["requestId"].startswith("req_011Sandbox")

"""How a script ends when its model fails: a true reason, or a continuation that nobody can see.

Every row of the vendor's failure tables stands here, before the first text and in the middle of it.
"""

from typing import Any

import httpx
import pytest

from tests.gateway.told import ORDER, Told, check_whole, endings, script, task_of, text_of, wholes
from tests.stack import Stack

DIRECTORY = "请为下面的要求设计一部短剧"
FIRST = "请写：第1集"


def _undisturbed(client: httpx.Client, **order: Any) -> list[str]:
    """The same script from a model in good health; the sandbox tells the same story twice."""
    return wholes(script(client, **order))


def _error(events: list[Told]) -> dict[str, Any]:
    check_whole(events)
    assert endings(events) == ["error"]
    return events[-1].data


FACTS = ("reason", "vendor", "requestId")
FINAL = [
    ({"kind": "code", "value": "invalid_request_error"}, "HTTP 400: invalid_request_error"),
    ({"kind": "code", "value": "authentication_error"}, "HTTP 401: authentication_error"),
    ({"kind": "code", "value": "billing_error"}, "HTTP 402: billing_error"),
    ({"kind": "code", "value": "permission_error"}, "HTTP 403: permission_error"),
    ({"kind": "code", "value": "not_found_error"}, "HTTP 404: not_found_error（地址 "),
    ({"kind": "code", "value": "request_too_large"}, "HTTP 413: request_too_large"),
    ({"kind": "status", "value": 422}, "HTTP 422: sandbox fault 422"),
    ({"kind": "html"}, "返回的不是事件流（text/html），请检查ANTHROPIC_BASE_URL"),
    ({"kind": "not_json"}, "返回的不是事件流（text/plain），请检查ANTHROPIC_BASE_URL"),
    ({"kind": "openai_format"}, "返回的事件流没有可识别的内容，请检查ANTHROPIC_BASE_URL和接口格式"),
    ({"kind": "refusal", "value": 0}, "模型拒绝了这个请求（general_harms）"),
    ({"kind": "context_window", "value": 0}, "内容超出模型的上下文长度"),
    ({"kind": "error_midstream", "value": "invalid_request_error:0"}, "invalid_request_error"),
]


@pytest.mark.parametrize(("fault", "reason"), FINAL, ids=lambda value: str(value)[:60])
def test_a_refusal_is_told_with_its_reason_and_not_repeated(
    quick: Stack, gateway: httpx.Client, fault: dict[str, Any], reason: str
) -> None:
    quick.fault(vendor="claude", **fault)
    asked = quick.calls("claude", "messages")
    events = script(gateway)
    data = _error(events)
    assert data["message"].startswith(f"生成内容出错: {reason}")
    assert (data["errorCode"], data["demo"]) == ("LLM_ERROR", True)
    assert data["requestId"]
    assert quick.calls("claude", "messages") == asked + 1
    assert wholes(events) == [], "no episode is started after a failed directory"
    state = gateway.get(f"/api/stream/tasks/{task_of(events)}").json()
    assert (state["status"], state["error"]) == ("failed", data["message"])
    assert (state["full_script"], state["episodes"]) == ("", [])
    assert [state.get(name) for name in FACTS] == [data.get(name) for name in FACTS]


PASSING = [
    {"kind": "status", "value": 408},
    {"kind": "status", "value": 409},
    {"kind": "code", "value": "api_error"},
    {"kind": "status", "value": 503},
    {"kind": "code", "value": "timeout_error"},
    {"kind": "empty"},
    {"kind": "rate_limit", "value": 1},
    {"kind": "overloaded"},
    {"kind": "reset"},
    {"kind": "reset_after"},
    {"kind": "eof", "value": 0},
    {"kind": "reset_midstream", "value": 0},
    {"kind": "bad_json", "value": 0},
    {"kind": "error_midstream", "value": "overloaded_error:0"},
    {"kind": "error_midstream", "value": "api_error:0"},
    {"kind": "max_tokens", "value": 0},
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault['kind']}-{fault.get('value', '')}")
def test_a_passing_failure_before_the_first_text_is_not_noticed(
    quick: Stack, gateway: httpx.Client, fault: dict[str, Any]
) -> None:
    quick.fault(vendor="claude", match=DIRECTORY, **fault)
    events = script(gateway, episodes=1)
    check_whole(events)
    assert endings(events) == ["complete"]
    assert wholes(events) == _undisturbed(gateway, episodes=1)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "overloaded"}, "HTTP 529: Overloaded"),
        ({"kind": "reset"}, "连接在回答完成前中断"),
        ({"kind": "eof", "value": 0}, "连接在回答完成前中断"),
        ({"kind": "bad_json", "value": 0}, "返回的数据已损坏"),
        ({"kind": "error_midstream", "value": "overloaded_error:0"}, "overloaded_error: Overloaded"),
        ({"kind": "max_tokens", "value": 0}, "回答达到长度上限"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_after_three_attempts_without_text_the_reason_is_told(
    quick: Stack, gateway: httpx.Client, fault: dict[str, Any], reason: str
) -> None:
    quick.fault(vendor="claude", times=-1, match=FIRST, **fault)
    asked = quick.calls("claude", "messages")
    events = script(gateway)
    assert _error(events)["message"] == f"生成内容出错: {reason}"
    assert quick.calls("claude", "messages") == asked + 4
    assert len(wholes(events)) == 1
    assert events[-2].name == "progress", "an error's text is never told as script"


CUTS = [
    {"kind": "eof", "value": 40},
    {"kind": "reset_midstream", "value": 40},
    {"kind": "bad_json", "value": 40},
    {"kind": "error_midstream", "value": "overloaded_error:40"},
    {"kind": "error_midstream", "value": "api_error:40"},
    {"kind": "max_tokens", "value": 200},
    {"kind": "truncate", "value": 6000},
]


@pytest.mark.parametrize("part", [DIRECTORY, FIRST], ids=["directory", "episode"])
@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: str(fault["kind"]))
def test_a_break_in_the_middle_is_gone_on_from_without_a_seam(
    quick: Stack, gateway: httpx.Client, fault: dict[str, Any], part: str
) -> None:
    quick.fault(vendor="claude", match=part, **fault)
    events = script(gateway)
    check_whole(events)
    assert endings(events) == ["complete"]
    assert wholes(events) == _undisturbed(gateway)
    assert quick.ledger()["vendors"]["claude"]["requests"], "the continuation was asked for"


@pytest.mark.parametrize("deltas", [1, 3, 10, 100])
def test_a_text_that_is_broken_off_again_and_again_is_still_whole(
    quick: Stack, gateway: httpx.Client, deltas: int
) -> None:
    quick.fault(vendor="claude", match=FIRST, kind="eof", value=deltas, times=8)
    events = script(gateway, episodes=1)
    check_whole(events)
    assert wholes(events) == _undisturbed(gateway, episodes=1)


@pytest.mark.parametrize("repeated", [5, 30, 200])
def test_what_the_model_says_twice_is_told_once(quick: Stack, gateway: httpx.Client, repeated: int) -> None:
    quick.fault(vendor="claude", match=FIRST, kind="eof", value=50)
    quick.fault(vendor="claude", match="断开的那个字", kind="overlap", value=repeated)
    events = script(gateway, episodes=1)
    assert wholes(events) == _undisturbed(gateway, episodes=1)


def test_a_model_that_breaks_off_without_getting_on_is_given_up(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match=FIRST, kind="eof", value=30)
    quick.fault(vendor="claude", match="断开的那个字", kind="overloaded", times=-1)
    events = script(gateway)
    assert _error(events)["message"] == "生成内容出错: HTTP 529: Overloaded"
    state = gateway.get(f"/api/stream/tasks/{task_of(events)}").json()
    assert [(part["episode"], part["is_complete"]) for part in state["episodes"]] == [(0, True), (1, False)]
    assert state["episodes"][1]["content"] == text_of(events, 1) != ""
    assert state["full_script"] == wholes(events)[0]


def test_a_refusal_in_the_middle_keeps_the_text_as_unfinished(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match=FIRST, kind="refusal", value=100)
    events = script(gateway)
    assert _error(events)["message"] == "生成内容出错: 模型拒绝了这个请求（general_harms）"
    assert len(text_of(events, 1)) == 100
    assert len(wholes(events)) == 1


def test_an_empty_directory_ends_the_task(quick: Stack, gateway: httpx.Client) -> None:
    quick.fault(vendor="claude", match=DIRECTORY, kind="empty_text")
    assert _error(script(gateway))["message"] == "角色表和目录生成失败"


@pytest.mark.parametrize("kind", ["short", "empty_text"])
def test_an_episode_that_is_no_episode_ends_the_task(quick: Stack, gateway: httpx.Client, kind: str) -> None:
    quick.fault(vendor="claude", match=FIRST, kind=kind)
    events = script(gateway)
    assert _error(events)["message"] == "生成的剧本内容为空或太短"
    assert len(wholes(events)) == 1


@pytest.mark.parametrize("kind", ["unknown_events", "crlf", "eventless"])
def test_odd_but_valid_streams_are_read(quick: Stack, gateway: httpx.Client, kind: str) -> None:
    quick.fault(vendor="claude", kind=kind, times=3)
    assert wholes(script(gateway)) == _undisturbed(gateway)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 101])
def test_a_character_cut_anywhere_arrives_whole(quick: Stack, gateway: httpx.Client, size: int) -> None:
    quick.fault(vendor="claude", kind="bytewise", value=size, times=2)
    events = script(gateway, episodes=1)
    check_whole(events)
    assert wholes(events) == _undisturbed(gateway, episodes=1)
    assert "\ufffd" not in "".join(wholes(events))


@pytest.mark.parametrize("value", [None, "9999:40"], ids=["before text", "in the middle"])
def test_a_silent_model_is_noticed(quick: Stack, add_gateway: Any, value: str | None) -> None:
    impatient = add_gateway(LLM_SILENCE_SECONDS="1")
    fault = {"kind": "stall"} if value is None else {"kind": "stall_midstream", "value": value}
    quick.fault(vendor="claude", match=FIRST, **fault)
    events = script(impatient, episodes=1)
    check_whole(events)
    assert wholes(events) == _undisturbed(impatient, episodes=1)


def test_a_model_that_stays_silent_is_reported(quick: Stack, add_gateway: Any) -> None:
    impatient = add_gateway(LLM_SILENCE_SECONDS="1")
    quick.fault(vendor="claude", match=FIRST, kind="stall", times=3)
    assert _error(script(impatient))["message"] == "生成内容出错: 1秒内没有收到任何内容"


def test_without_sandbox_and_key_nothing_is_started(quick: Stack, add_gateway: Any) -> None:
    bare = add_gateway(SANDBOX_URL="")
    answer = bare.post("/api/stream/generate-script", json=ORDER)
    assert (answer.status_code, answer.json()["errorCode"]) == (500, "CONFIGURATION_ERROR")
    assert answer.json()["error"] == answer.json()["detail"] == "未配置ANTHROPIC_API_KEY"


def test_a_sandbox_that_is_not_running_is_named(quick: Stack, add_gateway: Any) -> None:
    lonely = add_gateway(SANDBOX_URL="http://127.0.0.1:9")
    reason = "网络连接错误 - 未配置ANTHROPIC_API_KEY，且沙盒（http://127.0.0.1:9）未运行"
    assert _error(script(lonely))["message"] == f"生成内容出错: {reason}"

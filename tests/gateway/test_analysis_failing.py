"""A1 when the language model fails: every cause of contract §3.1, at every step."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.settings import SANDBOX_DEEPSEEK_KEY
from tests.gateway.stories import analyse, analyse_streamed
from tests.stack import Stack, free_port

STEPS = {1: "故事切分", 2: "关键帧提取", 3: "提示词生成"}


def check(answer: httpx.Response, step: int, cause: str) -> None:
    told = answer.json()
    text = f"智能分析失败: 第{step}步: {STEPS[step]}失败: {cause}"
    assert (answer.status_code, told["error"], told["detail"]) == (500, text, text)
    assert (told["success"], told["errorCode"]) == (False, "ANALYSIS_FAILED")
    assert told["failedStep"] == f"第{step}步 {STEPS[step]}"


@pytest.mark.parametrize("step", STEPS)
def test_the_step_that_failed_is_named(gateway: httpx.Client, stack: Stack, step: int) -> None:
    stack.fault(vendor="deepseek", kind="status", value=400, after=step - 1)
    check(analyse(gateway), step, "HTTP 400: sandbox fault 400")


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"kind": "status", "value": 401}, "HTTP 401: sandbox fault 401"),
        ({"kind": "status", "value": 402}, "HTTP 402: sandbox fault 402"),
        ({"kind": "status", "value": 422}, "HTTP 422: sandbox fault 422"),
        ({"kind": "html"}, "API返回格式错误: 返回的是网页，请检查DEEPSEEK_BASE_URL"),
        ({"kind": "not_json"}, "API返回格式错误: 返回的不是JSON，请检查DEEPSEEK_BASE_URL"),
        ({"kind": "no_choices"}, "API返回格式错误: 返回的事件流没有可识别的内容，请检查DEEPSEEK_BASE_URL"),
        ({"kind": "length", "value": 7, "times": -1}, "API返回内容不完整"),
    ],
    ids=str,
)
def test_a_final_failure_is_told_at_once(
    gateway: httpx.Client, stack: Stack, fault: dict[str, Any], cause: str
) -> None:
    stack.fault(vendor="deepseek", call="chat", **fault)
    check(analyse(gateway), 1, cause)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"kind": "status", "value": 429}, "HTTP 429: sandbox fault 429"),
        ({"kind": "status", "value": 500}, "HTTP 500: sandbox fault 500"),
        ({"kind": "null_content"}, "API返回格式错误: 模型没有写出正文"),
        ({"kind": "blank_lines"}, "API返回格式错误: 返回内容为空"),
        ({"kind": "only_thoughts"}, "API返回格式错误: 模型只写了思考过程，没有写出正文"),
        ({"kind": "reset"}, "连接被终止，可能是API服务器问题"),
        ({"kind": "truncate", "value": 40}, "连接被终止，可能是API服务器问题"),
        ({"kind": "insufficient"}, "API返回内容不完整"),
    ],
    ids=str,
)
def test_what_may_pass_is_tried_three_times(
    gateway: httpx.Client, stack: Stack, fault: dict[str, Any], cause: str
) -> None:
    before = stack.calls("deepseek", "chat")
    stack.fault(vendor="deepseek", call="chat", times=3, **fault)
    check(analyse(gateway), 1, cause)
    assert stack.calls("deepseek", "chat") == before + 3


@pytest.fixture
def hasty(stack: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway with a DeepSeek key of its own that gives each step 0.6 seconds."""
    return add_gateway(
        DEEPSEEK_API_KEY=SANDBOX_DEEPSEEK_KEY,
        DEEPSEEK_BASE_URL=f"{stack.sandbox_url}/v1/",
        LLM_STEP_SECONDS="0.6",
        IMAGE_SECONDS="1",
    )


@pytest.mark.parametrize("fault", [{"kind": "keepalive_forever"}, {"kind": "stall"}, {"kind": "delay", "value": 9}])
def test_bytes_that_keep_coming_do_not_move_the_deadline(
    hasty: httpx.Client, stack: Stack, fault: dict[str, Any]
) -> None:
    stack.fault(vendor="deepseek", call="chat", **fault)
    check(analyse(hasty), 1, "请求超时（0.6秒）")


def test_with_a_key_nothing_is_called_a_demo(hasty: httpx.Client) -> None:
    assert "demo" not in analyse(hasty, sceneCount=1).json()["data"]
    events = analyse_streamed(hasty, sceneCount=1)
    assert not [event for event in events if "demo" in event.data]


def test_a_wrong_key_and_a_dead_address_are_told(stack: Stack, add_gateway: Callable[..., httpx.Client]) -> None:
    stranger = add_gateway(DEEPSEEK_API_KEY="sk-wrong-key-000", DEEPSEEK_BASE_URL=stack.sandbox_url)
    answer = analyse(stranger)
    refused = "HTTP 401: Authentication Fails, Your api key: ****-000 is invalid"
    check(answer, 1, refused)
    assert answer.json()["reason"] == "VENDOR_KEY_REFUSED"
    assert "sk-wrong" not in answer.text
    health = stranger.get("/api/health")
    assert (health.status_code, health.json()["status"]) == (503, "degraded")
    assert health.json()["dependencies"]["deepseek"] == {"status": "unhealthy", "error": refused}


def test_no_connection_is_told(stack: Stack, add_gateway: Callable[..., httpx.Client]) -> None:
    lonely = add_gateway(DEEPSEEK_API_KEY="sk-some-key-0000", DEEPSEEK_BASE_URL=f"http://127.0.0.1:{free_port()}")
    check(analyse(lonely), 1, "网络连接错误 - 连接被拒绝或无法建立")

"""A2 and N1 to N4 when imagegen is slow, down, or says odd things."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.settings import SANDBOX_DEEPSEEK_KEY
from tests.imagegen.ordering import ended, order
from tests.imagegen.scripted_vendor import Answer, ScriptedVendor, raw
from tests.stack import Stack, free_port

DOWN = "Python后端服务未启动，请先启动Python服务 (端口8081)"
PATH = "/api/generate-image"


def check(answer: httpx.Response, status: int, text: str, code: str) -> None:
    told = answer.json()
    assert (answer.status_code, told["error"], told["detail"]) == (status, text, text)
    assert (told["success"], told["errorCode"]) == (False, code)


@pytest.fixture
def lonely(stack: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway whose imagegen is not there."""
    return add_gateway(PYTHON_BACKEND_URL=f"http://127.0.0.1:{free_port()}", NEXT_PUBLIC_VERSION="9.8.7")


def test_without_imagegen_every_picture_call_is_503(lonely: httpx.Client) -> None:
    form = {"prompt": "无人"}
    calls = [
        lonely.post(PATH, json=form),
        lonely.post("/api/generate-image-python", json=form),
        lonely.post("/api/images", json=form),
        lonely.get("/api/images/jimeng_v4_a"),
        lonely.get("/api/images/jimeng_v4_a/content"),
        lonely.delete("/api/images/jimeng_v4_a"),
    ]
    for answer in calls:
        check(answer, 503, DOWN, "BACKEND_UNAVAILABLE")
    health = lonely.get("/api/health")
    told = health.json()
    assert (health.status_code, told["status"], told["version"]) == (503, "degraded", "9.8.7")
    assert told["dependencies"]["deepseek"]["status"] == "healthy"
    assert told["dependencies"]["python_backend"]["status"] == "unhealthy"
    assert told["dependencies"]["python_backend"]["error"]


def test_an_imagegen_that_is_not_ready_counts_as_down(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(raw({"success": False, "error": "数据库暂时不可用"}, 503))
    check(scripted.post(PATH, json={"prompt": "稍等"}), 503, DOWN, "BACKEND_UNAVAILABLE")


@pytest.mark.parametrize(
    ("answer", "reason", "code"),
    [
        (raw({"error": "甲", "detail": "乙", "errorCode": "X_Y"}, 500), "甲", "X_Y"),
        (raw({"detail": "乙"}, 400), "乙", "BACKEND_ERROR"),
        (raw({"error": "", "detail": "丙"}, 404), "丙", "BACKEND_ERROR"),
        (raw({"error": {"deep": 1}, "detail": ["list"]}, 422), "Python后端返回错误: 422", "BACKEND_ERROR"),
        (raw({}, 500), "Python后端返回错误: 500", "BACKEND_ERROR"),
        (raw(["x"], 500), "Python后端返回错误: 500", "BACKEND_ERROR"),
        (Answer(b"<html>Bad Gateway</html>", 502), "Python后端返回错误: 502", "BACKEND_ERROR"),
        (Answer(b"", 504), "Python后端返回错误: 504", "BACKEND_ERROR"),
        (raw({"error": "图片生成超时", "errorCode": "GENERATION_TIMEOUT"}, 408), "图片生成超时", "GENERATION_TIMEOUT"),
    ],
    ids=lambda value: repr(getattr(value, "body", "")),
)
def test_the_reason_is_found_wherever_it_stands(
    scripted: httpx.Client, vendor: ScriptedVendor, answer: Answer, reason: str, code: str
) -> None:
    vendor.says(answer)
    check(scripted.post(PATH, json={"prompt": "原因"}), 500, f"Python后端调用失败: {reason}", code)


def test_the_picture_s_id_is_told_beside_the_reason(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(raw({"error": "坏了", "taskId": "jimeng_v4_x"}, 500))
    assert scripted.post(PATH, json={"prompt": "编号"}).json()["taskId"] == "jimeng_v4_x"


@pytest.mark.parametrize(
    "body", [b'{"success":false,"error":"x","data":null}', b'{"success":true, "data":{"a":[1.0]}}']
)
def test_a_success_is_passed_on_byte_by_byte(scripted: httpx.Client, vendor: ScriptedVendor, body: bytes) -> None:
    vendor.says(Answer(body))
    answer = scripted.post(PATH, json={"prompt": "原样"})
    assert (answer.status_code, answer.content) == (200, body)


def test_what_imagegen_gets_is_the_effective_prompt_the_frame_and_the_config(
    scripted: httpx.Client, vendor: ScriptedVendor
) -> None:
    vendor.says(raw({"success": True}))
    form: dict[str, Any] = {"prompt": "甲", "frame": {"prompt": "乙", "x": 1}, "config": {"a": 2}, "api_key": "sk-x"}
    scripted.post(PATH, json=form)
    scripted.post(PATH, json={"frame": {"jimengPrompt": "丙"}})
    assert [body for _, body in vendor.asked] == [
        {"prompt": "甲", "frame": {"prompt": "乙", "x": 1}, "config": {"a": 2}},
        {"prompt": "丙", "frame": {"jimengPrompt": "丙"}, "config": None},
    ]


def test_health_names_an_imagegen_that_is_ill(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.shows("/api/health", raw({"status": "degraded"}, 503))
    vendor.shows("/models", Answer(b"{}"))
    answer = scripted.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    backend = answer.json()["dependencies"]["python_backend"]
    assert backend == {"status": "unhealthy", "error": "HTTP 503"}
    vendor.shows("/api/health", raw({"status": "healthy"}))
    backend = scripted.get("/api/health").json()["dependencies"]["python_backend"]
    assert (backend["status"], type(backend["responseTime"])) == ("healthy", int)


@pytest.fixture
def hasty(stack: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """The gateway of test_analysis_failing.py: it waits one second for a picture."""
    return add_gateway(
        DEEPSEEK_API_KEY=SANDBOX_DEEPSEEK_KEY,
        DEEPSEEK_BASE_URL=f"{stack.sandbox_url}/v1/",
        LLM_STEP_SECONDS="0.6",
        IMAGE_SECONDS="1",
    )


def test_when_the_gateway_s_time_is_up_the_picture_still_comes(hasty: httpx.Client, stack: Stack) -> None:
    stack.tune(jimeng_seconds=[2, 2])
    answer = hasty.post(PATH, json={"prompt": "太慢"})
    stack.tune(jimeng_seconds=[0.2, 0.5])
    check(answer, 408, "图片生成超时，请稍后重试", "GENERATION_TIMEOUT")
    image_id = answer.json()["taskId"]
    assert ended(hasty, image_id)["status"] == "succeeded"
    assert hasty.get(f"/api/images/{image_id}/content").status_code == 200


def test_an_imagegen_that_does_not_answer_at_all_is_408_too(
    hasty: httpx.Client, stack: Stack, gateway: httpx.Client
) -> None:
    stack.tune(jimeng_seconds=[2, 2])
    busy = [order(gateway, f"先来 {number}") for number in (1, 2)]
    answer = hasty.post(PATH, json={"prompt": "后到"})
    stack.tune(jimeng_seconds=[0.2, 0.5])
    check(answer, 408, "图片生成超时，请稍后重试", "GENERATION_TIMEOUT")
    assert {ended(gateway, image_id)["status"] for image_id in [*busy, answer.json()["taskId"]]} == {"succeeded"}

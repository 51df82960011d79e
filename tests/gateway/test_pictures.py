"""A2, and N1 to N4 through the gateway."""

import json
from typing import Any

import httpx
import pytest

from tests.imagegen.ordering import bought, ended, look, order
from tests.stack import Stack

PATHS = ["/api/generate-image", "/api/generate-image-python"]


@pytest.mark.parametrize("path", PATHS)
def test_both_paths_paint(gateway: httpx.Client, path: str) -> None:
    form = {
        "prompt": "渔火",
        "frame": {"id": "frame_1", "prompt": "渔火", "sequence": 1},
        "config": {"aspectRatio": "1:1", "resolution": "1k", "language": "zh", "frameCount": 5},
        "chineseDescription": 5,
        "style": ["anything"],
        "characters": [],
        "api_key": "sk-ignored",
    }
    answer = gateway.post(path, json=form)
    told = answer.json()
    assert (answer.status_code, told["success"], told["error"]) == (200, True, None)
    assert (told["data"]["frame"], told["data"]["demo"]) == (form["frame"], True)
    picture = gateway.get(told["data"]["contentUrl"])
    assert picture.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("form", "painted"),
    [
        ({"prompt": "子", "frame": {"sequence": 1}}, "子"),
        ({"prompt": "丑", "frame": {"prompt": "寅"}}, "寅"),
        ({"prompt": "", "frame": {"prompt": "卯", "jimengPrompt": "辰"}}, "卯"),
        ({"prompt": " ", "frame": {"prompt": "", "jimengPrompt": "巳"}}, "巳"),
        ({"prompt": "午", "frame": {"prompt": "  "}}, "午"),
        ({"prompt": "未", "frame": None, "config": None}, "未"),
    ],
)
def test_which_prompt_is_painted(gateway: httpx.Client, stack: Stack, form: dict[str, Any], painted: str) -> None:
    before = bought(stack, painted)
    answer = gateway.post(PATHS[0], json=form)
    assert (answer.status_code, answer.json()["data"]["prompt"]) == (200, painted)
    assert bought(stack, painted) == before + 1


@pytest.mark.parametrize("form", [{}, {"prompt": ""}, {"frame": {"prompt": " "}}, {"config": 5}, {"prompt": None}])
@pytest.mark.parametrize("path", [*PATHS, "/api/images"])
def test_no_prompt_anywhere_is_400(gateway: httpx.Client, path: str, form: dict[str, Any]) -> None:
    answer = gateway.post(path, json=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "缺少必要参数: prompt")
    assert answer.json()["errorCode"] == "MISSING_PARAMETER"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"prompt": 5}, "prompt"),
        ({"prompt": ["x"]}, "prompt"),
        ({"prompt": "甲", "frame": "x"}, "frame"),
        ({"frame": {"prompt": 5}}, "frame"),
        ({"prompt": "甲", "config": []}, "config"),
    ],
)
@pytest.mark.parametrize("path", [PATHS[0], "/api/images"])
def test_a_wrong_type_is_422_before_imagegen_is_asked(
    gateway: httpx.Client, path: str, form: dict[str, Any], field: str
) -> None:
    answer = gateway.post(path, json=form)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")
    assert answer.json()["error"].startswith(f"请求参数无效: {field}: ")


def test_imagegen_s_reason_reaches_the_page(gateway: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="jimeng", kind="code", call="submit", value=50412, match="被拒")
    answer = gateway.post(PATHS[0], json={"prompt": "被拒"})
    told = answer.json()
    text = "Python后端调用失败: 任务提交失败: Text Risk Not Pass"
    assert (answer.status_code, told["error"], told["detail"]) == (500, text, text)
    assert told["errorCode"] == "VOLCENGINE_API_ERROR"
    assert look(gateway, told["taskId"])["status"] == "failed"


def test_a_picture_of_nine_megabytes_in_the_frame_comes_back(gateway: httpx.Client) -> None:
    picture = "data:image/png;base64," + "A" * (9 * 1024 * 1024)
    answer = gateway.post(PATHS[0], json={"prompt": "再画一次", "frame": {"imageUrl": picture}})
    assert answer.json()["data"]["frame"]["imageUrl"] == picture


def test_odd_text_passes_both_services_unchanged(gateway: httpx.Client) -> None:
    frame = {"标": "\x00\ud83d\u2028\U0001f600", "数": 2**64}
    body = json.dumps({"prompt": "奇怪的字\udfff", "frame": frame}).encode()
    answer = gateway.post(PATHS[0], content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.content)["data"]["frame"] == frame


def test_orders_pass_through(gateway: httpx.Client, stack: Stack) -> None:
    answer = gateway.post("/api/images", json={"prompt": "转交", "provider": "jimeng"})
    image_id = answer.json()["id"]
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/images/{image_id}")
    assert answer.json() == {"success": True, "id": image_id, "status": "queued", "demo": True}
    shown = ended(gateway, image_id)
    assert (shown["status"], shown["prompt"], shown["demo"]) == ("succeeded", "转交", True)
    content = gateway.get(f"/api/images/{image_id}/content")
    assert (content.status_code, content.headers["content-type"]) == (200, "image/png")
    known = gateway.get(f"/api/images/{image_id}/content", headers={"If-None-Match": content.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert gateway.delete(f"/api/images/{image_id}").json()["status"] == "succeeded"
    waited = gateway.post("/api/images", json={"prompt": "等它"}, headers={"Prefer": "wait=40"})
    assert (waited.status_code, waited.headers["preference-applied"]) == (200, "wait=40")


def test_a_queued_order_is_canceled_through_the_gateway(gateway: httpx.Client, stack: Stack) -> None:
    stack.tune(jimeng_seconds=[2, 2])
    busy = [order(gateway, f"占 {number}") for number in (1, 2)]
    waiting = order(gateway, "撤单")
    stack.tune(jimeng_seconds=[0.2, 0.5])
    assert gateway.get(f"/api/images/{waiting}/content").status_code == 409
    answer = gateway.delete(f"/api/images/{waiting}")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert {ended(gateway, image_id)["status"] for image_id in busy} == {"succeeded"}
    assert bought(stack, "撤单") == 0


@pytest.mark.parametrize("image_id", ["jimeng_v4_nobody", "..%2F..%2Fapi%2Fhealth", "%00", "甲乙"])
def test_an_unknown_picture_is_not_found(gateway: httpx.Client, image_id: str) -> None:
    for answer in (gateway.get(f"/api/images/{image_id}"), gateway.delete(f"/api/images/{image_id}")):
        assert (answer.status_code, answer.json()["success"]) == (404, False)

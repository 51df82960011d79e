"""A3 as its readers see it, against the whole stack."""

import base64
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.told import listen
from tests.stack import Stack, free_port
from tests.waiting import eventually

A3 = "/api/generate-all-images"


@pytest.fixture
def hurried(add_gateway: Callable[..., httpx.Client], add_imagegen: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway whose imagegen allows each picture two queries, a tenth of a second apart."""
    impatient = add_imagegen(POLL_INTERVAL="0.1", MAX_POLL_TIMES="2")
    return add_gateway(PYTHON_BACKEND_URL=str(impatient.base_url))


def frames(count: int, word: str = "") -> list[dict[str, Any]]:
    mark = word or uuid4().hex
    return [
        {"sequence": n, "prompt": f"{mark} 第{n}帧", "chineseDescription": f"描述{n}", "frameType": "开始帧"}
        for n in range(1, count + 1)
    ]


def submissions(stack: Stack, mark: str) -> dict[str, int]:
    counted = stack.submissions("jimeng")
    return {prompt: number for prompt, number in counted.items() if mark in prompt}


def test_all_frames_come_back_in_input_order_with_their_pictures(gateway: httpx.Client) -> None:
    answer = gateway.post(A3, json={"frames": frames(5), "config": {"aspectRatio": "16:9"}})
    body = answer.json()
    assert answer.status_code == 200
    assert body["success"] is True
    assert [item["sequence"] for item in body["data"]] == [1, 2, 3, 4, 5]
    assert [item["progress"] for item in body["data"]] == [20, 40, 60, 80, 100]
    for item in body["data"]:
        assert item["imageUrl"].startswith("http")
        assert item["error"] is None
        assert item["demo"] is True
        assert item["chineseDescription"] == f"描述{item['sequence']}"
        assert gateway.get(f"/api/images/{item['taskId']}/content").status_code == 200
        assert item["responseTime"] > 0
    assert body["stats"] == {
        "total": 5,
        "success": 5,
        "failed": 0,
        "successRate": 100,
        "averageTime": body["stats"]["averageTime"],
    }
    assert isinstance(body["requestId"], int)
    assert body["completedAt"].endswith("Z")


def test_a_bad_frame_never_touches_the_others(stack: Stack, gateway: httpx.Client) -> None:
    three = frames(3)
    stack.fault(vendor="jimeng", kind="code", value=50413, call="submit", match=three[1]["prompt"])
    body = gateway.post(A3, json={"frames": [*three, {"sequence": 9, "prompt": 7}]}).json()
    assert [item["error"] is None for item in body["data"]] == [True, False, True, False]
    assert body["data"][1]["imageUrl"] is None
    assert "任务提交失败" in body["data"][1]["error"]
    assert body["data"][3]["responseTime"] == 0
    assert body["stats"]["success"] == 2
    assert body["stats"]["successRate"] == 50


def test_frames_without_a_prompt_are_skipped_and_jimeng_prompts_count(gateway: httpx.Client) -> None:
    given: list[dict[str, Any]] = [
        {"sequence": 1, "prompt": ""},
        {"sequence": 2, "jimengPrompt": f"{uuid4()} 灯塔"},
        {"sequence": 3},
    ]
    body = gateway.post(A3, json={"frames": given}).json()
    assert [item["sequence"] for item in body["data"]] == [2]
    assert body["data"][0]["prompt"] == given[1]["jimengPrompt"]
    assert body["data"][0]["progress"] == 100


def test_the_old_picture_of_a_frame_goes_nowhere(stack: Stack, gateway: httpx.Client) -> None:
    (frame,) = frames(1)
    old = "data:image/png;base64," + base64.b64encode(b"x" * 3_000_000).decode()
    body = gateway.post(A3, json={"frames": [frame | {"imageUrl": old}]}).json()
    shown = gateway.get(f"/api/images/{body['data'][0]['taskId']}").json()
    assert "imageUrl" not in shown["frame"]
    assert shown["frame"]["frameType"] == "开始帧"


@pytest.mark.parametrize(
    ("sent", "status", "text"),
    [
        ({}, 400, "缺少必要参数: frames"),
        ({"frames": []}, 400, "缺少必要参数: frames"),
        ({"frames": None}, 400, "缺少必要参数: frames"),
        ({"frames": [{"sequence": 1}]}, 400, "没有找到有效的提示词"),
        ({"frames": "all"}, 422, "请求参数无效: frames"),
        ({"frames": ["one"]}, 422, "请求参数无效: frames.0"),
        ({"frames": [{"prompt": "甲"}] * 102}, 422, "请求参数无效: frames"),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_anything_is_paid(
    gateway: httpx.Client, sent: dict[str, Any], status: int, text: str
) -> None:
    for query in ("", "?stream=true"):
        answer = gateway.post(A3 + query, json=sent)
        assert answer.status_code == status
        assert answer.json()["error"].startswith(text)


def test_a_body_that_is_no_json_is_a_422(gateway: httpx.Client) -> None:
    answer = gateway.post(A3, content=b"{frames", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errorCode"] == "VALIDATION_ERROR"


def test_a_vendor_that_sends_bytes_gives_data_urls_in_json_and_links_in_the_stream(
    stack: Stack, gateway: httpx.Client
) -> None:
    stack.fault(vendor="jimeng", kind="picture_in_submit", times=-1)
    given = {"frames": frames(2)}
    headers = {"Idempotency-Key": str(uuid4())}
    body = gateway.post(A3, json=given, headers=headers).json()
    for item in body["data"]:
        assert item["imageUrl"].startswith("data:image/png;base64,")
        kept = gateway.get(f"/api/images/{item['taskId']}/content").content
        assert base64.b64decode(item["imageUrl"].partition(",")[2]) == kept
    assert gateway.post(A3, json=given, headers=headers).json() == body
    with gateway.stream("POST", A3 + "?stream=true", json={"frames": frames(1)}) as stream:
        events = [event.data for event in listen(stream)]
    done = next(event for event in events if event["type"] == "frame_complete")
    assert done["imageUrl"] == f"/api/images/{done['taskId']}/content"


def test_the_stream_tells_each_frame_and_ends_with_the_figures(stack: Stack, gateway: httpx.Client) -> None:
    four = frames(4)
    stack.fault(vendor="jimeng", kind="code", value=50413, call="submit", match=four[2]["prompt"])
    with gateway.stream("POST", A3 + "?stream=true", json={"frames": four}) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        location = stream.headers["location"]
        events = list(listen(stream))
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert not any(event.name for event in events)
    told_data = [event.data for event in events]
    kinds = [data["type"] for data in told_data]
    assert kinds.count("progress") == 4
    assert kinds.count("frame_complete") == 3
    assert kinds.count("frame_error") == 1
    assert kinds[-1] == "complete"
    assert told_data[0]["demo"] is told_data[-1]["demo"] is True
    assert told_data[-1]["message"] == "所有帧生成完成"
    assert told_data[-1]["stats"]["failed"] == 1
    shares = [data["progress"] for data in told_data[:-1]]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    handed = next(data for data in told_data if data["type"] == "progress" and data["current"] == 2)
    assert handed["message"] == "正在生成第2/4帧..."
    assert handed["total"] == 4
    assert handed["sequence"] == 2
    assert gateway.get(location).text.count("data: ") == len(events)
    assert gateway.get(location, headers={"Last-Event-ID": str(len(events))}).status_code == 204
    state = gateway.get(location.removesuffix("/events")).json()
    assert state["task_type"] == "batch_images"
    assert (state["status"], state["current"], state["total"]) == ("completed", 4, 4)


def test_the_same_key_gives_the_same_answer_and_paints_once(stack: Stack, gateway: httpx.Client) -> None:
    mark = uuid4().hex
    headers = {"Idempotency-Key": mark}
    first = gateway.post(A3, json={"frames": frames(3, mark)}, headers=headers)
    second = gateway.post(A3, json={"frames": frames(3, mark)}, headers=headers)
    assert second.json() == first.json()
    assert set(submissions(stack, mark).values()) == {1}
    other = gateway.post(A3, json={"frames": frames(2, mark)}, headers=headers)
    assert other.status_code == 422
    assert other.json()["errorCode"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_second_reader_with_the_same_key_joins_the_stream_or_is_told_to_wait(
    stack: Stack, gateway: httpx.Client
) -> None:
    stack.tune(jimeng_seconds=[1.0, 1.5])
    try:
        headers = {"Idempotency-Key": str(uuid4())}
        given = {"frames": frames(4)}
        with gateway.stream("POST", A3 + "?stream=true", json=given, headers=headers) as first:
            reading = listen(first)
            next(reading)
            with gateway.stream("POST", A3 + "?stream=true", json=given, headers=headers) as second:
                assert second.headers["location"] == first.headers["location"]
                assert list(listen(second))[-1].data["type"] == "complete"
            list(reading)
    finally:
        stack.tune(jimeng_seconds=[0.2, 0.5])


def test_when_the_reader_leaves_nothing_more_is_submitted_and_a_return_finishes_the_rest(
    stack: Stack, gateway: httpx.Client
) -> None:
    mark = uuid4().hex
    stack.tune(jimeng_seconds=[0.8, 1.0])
    try:
        headers = {"Idempotency-Key": mark}
        given = {"frames": frames(8, mark)}
        with gateway.stream("POST", A3 + "?stream=true", json=given, headers=headers) as stream:
            location = stream.headers["location"]
            seen = next(event.id for event in listen(stream) if event.data["type"] == "frame_complete")
        paid_at_leaving = len(submissions(stack, mark))
        assert paid_at_leaving < 8
        _settled(stack, gateway, location, mark)
        paid = submissions(stack, mark)
        assert len(paid) <= paid_at_leaving + 2
        stack.tune(jimeng_seconds=[0.2, 0.5])
        for _ in range(3):
            assert gateway.post("/api/generate-image", json={"prompt": f"{uuid4()}"}).json()["success"]
        assert submissions(stack, mark) == paid
        with gateway.stream("GET", location, headers={"Last-Event-ID": str(seen)}) as stream:
            events = [event.data for event in listen(stream)]
        assert events[-1]["stats"]["success"] == 8
        assert submissions(stack, mark) == {frame["prompt"]: 1 for frame in given["frames"]}
    finally:
        stack.tune(jimeng_seconds=[0.2, 0.5])


def _settled(stack: Stack, gateway: httpx.Client, location: str, mark: str) -> None:
    """All that was paid for is done; asking how the batch stands is not reading it."""
    task = location.removesuffix("/events")
    eventually(
        lambda: bool(gateway.get(task).json()["current"] == len(submissions(stack, mark))),
        "pictures that were paid for are not told",
        30,
    )


def test_the_same_key_comes_back_to_a_json_answer_that_was_left(stack: Stack, gateway: httpx.Client) -> None:
    mark = uuid4().hex
    given = {"frames": frames(6, mark)}
    headers = {"Idempotency-Key": mark}
    with pytest.raises(httpx.ReadTimeout):
        gateway.post(A3, json=given, headers=headers, timeout=1.0)
    answer = gateway.post(A3, json=given, headers=headers)
    while answer.status_code == 409:
        assert answer.headers["retry-after"]
        answer = gateway.post(A3, json=given, headers=headers)
    assert answer.json()["stats"]["success"] == 6
    assert submissions(stack, mark) == {frame["prompt"]: 1 for frame in given["frames"]}


def test_without_imagegen_every_frame_says_so_and_the_answer_is_a_200(
    add_gateway: Callable[..., httpx.Client],
) -> None:
    gateway = add_gateway(PYTHON_BACKEND_URL=f"http://127.0.0.1:{free_port()}")
    body = gateway.post(A3, json={"frames": frames(3)}).json()
    assert body["success"] is True
    assert [item["error"] for item in body["data"]] == ["Python后端服务未启动，请先启动Python服务 (端口8081)"] * 3
    assert body["stats"] == {"total": 3, "success": 0, "failed": 3, "successRate": 0, "averageTime": 0}


def test_a_frame_that_runs_out_of_time_says_so_and_its_picture_is_still_kept(
    stack: Stack, gateway: httpx.Client, hurried: httpx.Client
) -> None:
    stack.tune(jimeng_seconds=[2.0, 2.0])
    try:
        (item,) = hurried.post(A3, json={"frames": frames(1)}).json()["data"]
        assert item["error"] == "图片生成超时"
        assert item["imageUrl"] is None
    finally:
        stack.tune(jimeng_seconds=[0.2, 0.5])
    kept = gateway.get(f"/api/images/{item['taskId']}", headers={"Prefer": "wait=30"}).json()
    assert kept["status"] == "succeeded"

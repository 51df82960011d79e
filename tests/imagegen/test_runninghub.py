"""Pictures from RunningHub: its odd answers, its busy codes, its cancel."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from imagegen.images.vendor import Busy, Pause
from imagegen.settings import ImagegenSettings
from imagegen.vendors.runninghub import RunningHub
from imagegen.vendors.runninghub_answers import file_url, invalid_nodes, reason_of, state_of, task_id_of
from shared.errors import RunningHubError
from tests.stack import Stack


@pytest.fixture
def hub(stack: Stack, add_imagegen: Callable[..., httpx.Client]) -> httpx.Client:
    """An imagegen that asks five times a second and waits tenths of seconds where others wait for minutes."""
    return add_imagegen(RUNNINGHUB_POLL_INTERVAL="0.2", RUNNINGHUB_RETRY_WAIT="0.1")


def painted(client: httpx.Client, prompt: str = "") -> dict[str, Any]:
    order = {"prompt": prompt or f"{uuid4()}", "provider": "runninghub"}
    answer: dict[str, Any] = client.post("/api/images", json=order, headers={"Prefer": "wait=40"}).json()
    return answer


@pytest.mark.parametrize(
    "kind", ["numeric_id", "data_string_id", "top_level_id", "status_object", "null_data", "status", "reset", "html"]
)
def test_odd_and_passing_answers_do_not_lose_a_picture(stack: Stack, hub: httpx.Client, kind: str) -> None:
    call = {"null_data": "outputs", "status": "status", "reset": "status", "html": "outputs"}.get(kind, "*")
    stack.fault(vendor="runninghub", kind=kind, call=call)
    answer = painted(hub)
    assert answer["status"] == "succeeded", answer
    assert hub.get(answer["contentUrl"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "code", "value": 433, "call": "create"}, "创建任务失败: VALIDATE_PROMPT_FAILED (Code: 433)"),
        ({"kind": "code", "value": 802, "call": "create"}, "创建任务失败: APIKEY_UNAUTHORIZED (Code: 802)"),
        ({"kind": "node_errors"}, "创建任务失败: 工作流校验未通过 (node 6)"),
        ({"kind": "empty_outputs", "times": 9}, "查询任务结果失败: 没有输出文件"),
        ({"kind": "code", "value": 807, "call": "status"}, "查询任务状态失败: APIKEY_TASK_NOT_FOUND (Code: 807)"),
    ],
)
def test_a_final_answer_ends_the_picture_with_its_reason(
    stack: Stack, hub: httpx.Client, fault: dict[str, Any], error: str
) -> None:
    stack.fault(vendor="runninghub", **fault)
    answer = painted(hub)
    assert (answer["status"], answer["error"]) == ("failed", error)
    assert answer["errorCode"] == "RUNNINGHUB_API_ERROR"


def test_a_task_that_fails_there_says_why(hub: httpx.Client) -> None:
    answer = painted(hub, f"{uuid4()} sandbox:rh:fail")
    assert answer["error"] == "任务执行失败: CUDA out of memory (sandbox)"


def test_a_misspelt_address_is_a_configuration_error_that_names_its_variable(stack: Stack, hub: httpx.Client) -> None:
    stack.fault(vendor="runninghub", kind="code", value=412, call="create")
    answer = painted(hub)
    assert answer["errorCode"] == "CONFIGURATION_ERROR"
    assert "RUNNINGHUB_CREATE_API_URL" in answer["error"]


@pytest.mark.parametrize("code", [415, 421, 814, 1003, 1010, 1011])
def test_try_later_is_tried_later_and_paid_once(stack: Stack, hub: httpx.Client, code: int) -> None:
    prompt = f"{uuid4()}"
    stack.fault(vendor="runninghub", kind="code", value=code, call="create", match=prompt)
    assert painted(hub, prompt)["status"] == "succeeded"
    assert stack.submissions("runninghub")[prompt] == 1


@pytest.mark.parametrize("kind", ["reset_after", "truncate", "empty", "not_json"])
def test_a_create_without_a_readable_answer_is_never_repeated(stack: Stack, hub: httpx.Client, kind: str) -> None:
    prompt = f"{uuid4()}"
    stack.fault(vendor="runninghub", kind=kind, call="create", match=prompt)
    answer = painted(hub, prompt)
    assert answer["errorCode"] == "OUTCOME_UNKNOWN"
    assert stack.submissions("runninghub")[prompt] <= 1


def test_a_running_picture_is_cancelled_at_the_vendor(stack: Stack, hub: httpx.Client) -> None:
    stack.tune(runninghub_seconds=[30, 30])
    try:
        image = hub.post("/api/images", json={"prompt": f"{uuid4()}", "provider": "runninghub"}).json()["id"]
        while hub.get(f"/api/images/{image}").json()["status"] == "queued":
            pass
        answer = hub.delete(f"/api/images/{image}").json()
        while answer["status"] == "running":
            answer = hub.get(f"/api/images/{image}").json()
    finally:
        stack.tune(runninghub_seconds=[0.2, 0.5])
    assert (answer["status"], answer["error"], answer["errorCode"]) == ("canceled", "图片生成已取消", "CANCELED")


def test_a_cancel_that_the_vendor_does_not_know_is_no_cancel(stack: Stack, hub: httpx.Client) -> None:
    stack.tune(runninghub_seconds=[2, 2])
    stack.fault(vendor="runninghub", kind="code", value=807, call="cancel", times=-1)
    try:
        image = hub.post("/api/images", json={"prompt": f"{uuid4()}", "provider": "runninghub"}).json()["id"]
        while hub.get(f"/api/images/{image}").json()["status"] == "queued":
            pass
        assert hub.delete(f"/api/images/{image}").json()["cancelRequested"] is True
        ended = hub.get(f"/api/images/{image}", headers={"Prefer": "wait=40"}).json()
    finally:
        stack.tune(runninghub_seconds=[0.2, 0.5])
    assert ended["status"] == "succeeded"


def test_the_waits_for_a_full_queue_grow_and_end_at_the_queues_end() -> None:
    settings = ImagegenSettings(runninghub_retry_wait=30)
    vendor = RunningHub(settings, httpx.AsyncClient(trust_env=False, verify=False))
    busy = Busy("421", "TASK_QUEUE_MAXED")
    pauses = [vendor.busy_pause(number, busy) for number in range(1, 13)]
    assert [pause.seconds for pause in pauses] == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 600, 30]
    assert [pause.to_end for pause in pauses] == [False] * 10 + [True, False]
    assert [pause.number for pause in pauses] == [*range(1, 11), 0, 1]
    assert vendor.busy_pause(1, Busy("429", "slow", retry_after=45)).seconds == 45
    assert vendor.busy_pause(2, Busy("unreachable", "x")) == Pause(2.0)
    with pytest.raises(RunningHubError):
        vendor.busy_pause(3, Busy("unreachable", "x"))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"data": {"taskId": "192"}}, "192"),
        ({"data": {"taskId": 1920031617669115905}}, "1920031617669115905"),
        ({"data": "192"}, "192"),
        ({"taskId": "192", "data": None}, "192"),
        ({"data": {"taskId": True}}, None),
        ({"data": {"taskId": "0"}}, None),
        ({"data": []}, None),
        (None, None),
    ],
)
def test_the_task_id_is_found_wherever_it_stands(body: dict[str, Any] | None, found: str | None) -> None:
    assert task_id_of(body) == found


def test_states_files_and_reasons_are_read_from_every_known_shape() -> None:
    assert state_of({"data": "running"}) == "RUNNING"
    assert state_of({"data": {"taskStatus": "SUCCESS"}}) == "SUCCESS"
    assert state_of({"data": None}) == ""
    both = [{"fileUrl": "a", "fileType": "mp4"}, {"fileUrl": "b", "fileType": "png"}]
    assert file_url({"data": both}) == "b"
    assert file_url({"data": [{"fileUrl": None}, "x"]}) is None
    assert invalid_nodes({"data": {"promptTips": '{"node_errors": {"6": {}}}'}}) == "node 6"
    assert invalid_nodes({"data": {"taskStatus": "FAILED", "promptTips": "nonsense"}}) == "FAILED"
    assert invalid_nodes({"data": {"promptTips": None}}) == ""
    assert reason_of({"data": {"failedReason": "out of coins"}}) == "out of coins"
    assert reason_of({"data": None, "msg": "m"}) == "m"

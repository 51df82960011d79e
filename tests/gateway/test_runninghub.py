"""B4 to B7 as their readers see them, against the whole stack."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.told import Told, follow, listen, script, task_of
from tests.stack import Stack

B4 = "/api/stream/process-prompts-with-runninghub"
ENDINGS = {"subtask_completed", "task_error", "task_cancelled"}


@pytest.fixture
def eager(add_gateway: Callable[..., httpx.Client], add_imagegen: Callable[..., httpx.Client]) -> httpx.Client:
    """A gateway whose imagegen asks RunningHub five times a second and waits tenths where others wait for minutes."""
    hurried = add_imagegen(RUNNINGHUB_POLL_INTERVAL="0.2", RUNNINGHUB_RETRY_WAIT="0.1")
    return add_gateway(PYTHON_BACKEND_URL=str(hurried.base_url))


@pytest.fixture
def written(quick: Stack, eager: httpx.Client) -> str:
    """The id of a script of two episodes, new in every test: the vendor counts by prompt."""
    return task_of(
        script(eager, genre=f"悬疑{uuid4().hex[:6]}", characters=[f"周{uuid4().hex[:4]},男,30", "林晚 女 26"])
    )


def processed(client: httpx.Client, script_id: str, **body: Any) -> list[Told]:
    with client.stream("POST", f"{B4}/{script_id}", json=body or None) as response:
        return list(listen(response))


def of(events: list[Told], name: str) -> list[dict[str, Any]]:
    return [event.data for event in events if event.name == name]


def request_of(events: list[Told]) -> str:
    return str(events[0].data["request_id"])


def check_order(events: list[Told]) -> None:
    """The order of contract §5.4, for every subtask and for the whole."""
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events[:2]] == ["status", "status"]
    assert [event.name for event in events].count("complete") == 1
    assert events[-1].name == "complete"
    for subtask in {event.data["task_id"] for event in events if event.name in ENDINGS}:
        names = [event.name for event in events if event.data.get("task_id") == subtask]
        assert names[0] == "status" or names == ["task_cancelled"]
        assert names[-1] in ENDINGS
        assert Counter(names)["task_created"] <= 1


def test_every_prompt_of_an_episode_becomes_a_picture_and_is_told_in_order(
    eager: httpx.Client, written: str, quick: Stack
) -> None:
    with eager.stream("POST", f"{B4}/{written}", json={"episode": 1}) as response:
        location = response.headers["location"]
        events = list(listen(response))
    check_order(events)
    opening, queued = events[0].data, events[1].data
    request_id, count = opening["request_id"], queued["total_prompts"]
    assert location == f"/api/stream/tasks/{request_id}/events"
    assert opening == {
        "message": "正在提取画面描述词并发送到RunningHub...",
        "request_id": request_id,
        "demo": True,
    }
    assert queued["message"] == f"已将{count}个提示词添加到全局队列，等待处理..."
    assert count >= 2
    assert queued["queue_size"] >= count
    created, completed = of(events, "task_created"), of(events, "subtask_completed")
    assert len(created) == len(completed) == count
    for done in completed:
        check_completed(eager, request_id, done)
    progress = of(events, "progress")
    assert [one["completed"] for one in progress] == list(range(1, count + 1))
    assert [one["percentage"] for one in progress] == [100 * n // count for n in range(1, count + 1)]
    assert of(events, "all_tasks_completed") == [{"request_id": request_id, "completed": count, "total": count}]
    assert events[-1].data == {
        "message": "所有任务处理完成",
        "request_id": request_id,
        "completed_tasks": count,
        "total_tasks": count,
        "demo": True,
    }
    assert follow(eager, request_id) == events
    assert [event.raw for event in follow(eager, request_id, 3)] == [event.raw for event in events[3:]]
    sent = [done["result"]["results"][done["scene"]][done["prompt_index"]]["prompt"] for done in completed]
    paid = quick.submissions("runninghub")
    assert [paid[prompt] for prompt in sent] == [1] * count
    assert not any(prompt.startswith("#") for prompt in sent)
    state = eager.get(f"/api/stream/tasks/{request_id}").json()
    assert (state["task_type"], state["status"]) == ("runninghub_processing", "completed")


def check_completed(client: httpx.Client, request_id: str, done: dict[str, Any]) -> None:
    assert done["status"] == "SUCCESS"
    assert done["task_id"] == f"{request_id}_{done['episode']}_{done['scene']}_{done['prompt_index']}"
    assert done["worker_id"] in {1, 2, 3}
    assert done["result"]["episode"] == done["episode"]
    result = done["result"]["results"][done["scene"]][done["prompt_index"]]
    assert result["task_id"] == done["runninghub_task_id"] == result["create_result"]["data"]["taskId"]
    assert (result["status"], result["status_result"]) == ("SUCCESS", "SUCCESS")
    (file,) = result["final_result"]["data"]
    assert file["fileUrl"].startswith("http")
    assert client.get(file["contentUrl"]).headers["content-type"] == "image/png"


def test_a_create_that_is_refused_fails_alone(eager: httpx.Client, written: str, stack: Stack) -> None:
    stack.fault(vendor="runninghub", kind="code", call="create", value=433)
    events = processed(eager, written)
    check_order(events)
    failed = [done for done in of(events, "subtask_completed") if done["status"] == "FAILED"]
    assert len(failed) == 1
    created = next(one for one in of(events, "task_created") if one["task_id"] == failed[0]["task_id"])
    assert created["runninghub_task_id"] is None
    result = failed[0]["result"]["results"][failed[0]["scene"]][failed[0]["prompt_index"]]
    assert result["create_result"]["code"] == 433
    assert of(events, "all_tasks_completed")[0]["completed"] == events[1].data["total_prompts"]


def test_a_full_queue_is_waited_out_without_holding_up_the_others(
    eager: httpx.Client, written: str, stack: Stack
) -> None:
    with eager.stream("GET", f"/api/stream/extract-scene-prompts/{written}?episode=1") as response:
        (told,) = of(list(listen(response)), "episode_prompts")
    prompt = next(line for line in told["content"].splitlines() if line.startswith("#")).lstrip("# ")
    stack.fault(vendor="runninghub", kind="code", call="create", value=421, times=11, match=prompt)
    events = processed(eager, written, episode=1)
    check_order(events)
    waits = of(events, "task_waiting")
    assert [one["retry"] for one in waits] == list(range(1, 11))
    assert waits[1]["max_retries"] == 10
    assert waits[0]["message"] == "RunningHub队列已满，等待0秒后重试 (1/10)"
    (requeued,) = of(events, "task_requeued")
    assert requeued["message"] == "已达最大重试次数，任务放回队列末尾，将在稍后处理"
    ended = [event.data["task_id"] for event in events if event.name == "subtask_completed"]
    assert ended[-1] == requeued["task_id"]
    assert {done["status"] for done in of(events, "subtask_completed")} == {"SUCCESS"}


def test_a_create_whose_answer_is_lost_is_an_error_and_never_sent_again(
    eager: httpx.Client, written: str, stack: Stack
) -> None:
    stack.fault(vendor="runninghub", kind="reset_after", call="create")
    before = stack.submitted("runninghub")
    events = processed(eager, written, episode=2)
    (error,) = of(events, "task_error")
    assert error["error"] == "提交结果未知，可能已计费，请确认后重试"
    assert events[-1].name == "complete"
    count = events[1].data["total_prompts"]
    assert stack.submitted("runninghub") == before + count


def test_an_unknown_script_is_a_404_in_every_form(eager: httpx.Client) -> None:
    for answer in (
        eager.post(f"{B4}/nobody"),
        eager.post(f"{B4}/nobody", json={"episode": 1}),
        eager.post(B4, json={"task_id": "nobody"}),
    ):
        assert answer.status_code == 404
        assert answer.json()["detail"] == "未找到任务ID nobody 的剧本"
    assert eager.post(B4, json={"episode": 1}).status_code == 422


def test_an_unknown_episode_is_an_error_without_a_complete(eager: httpx.Client, written: str) -> None:
    events = processed(eager, written, episode=9)
    assert [event.name for event in events] == ["status", "error"]
    assert events[-1].data["message"] == "未找到第9集的画面描述词"


def test_the_body_form_and_the_query_choose_the_same(eager: httpx.Client, written: str) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    with eager.stream("POST", B4, json={"task_id": written, "episode": 2}, headers=key) as response:
        events = list(listen(response))
    assert {one["episode"] for one in of(events, "subtask_completed")} == {"第2集"}
    with eager.stream("POST", B4, json={"task_id": written, "episode": 2}, headers=key) as response:
        assert [event.raw for event in listen(response)] == [event.raw for event in events]


@pytest.mark.parametrize("way", ["B7", "B2"])
def test_a_cancel_stops_what_runs_and_what_waits(eager: httpx.Client, written: str, stack: Stack, way: str) -> None:
    stack.tune(runninghub_seconds=[20, 20])
    try:
        with eager.stream("POST", f"{B4}/{written}") as response:
            reading = listen(response)
            events = [next(reading)]
            while events[-1].name != "task_created":
                events.append(next(reading))
            answer = cancel(eager, request_of(events), way)
            events += list(reading)
    finally:
        stack.tune(runninghub_seconds=[0.2, 0.5])
    check_order(events)
    count = events[1].data["total_prompts"]
    canceled = of(events, "task_cancelled")
    assert len(canceled) == count
    assert canceled[0]["message"] == "任务已取消"
    assert [event.name for event in events[-2:]] == ["cancel_complete", "complete"]
    assert events[-2].data["cancelled_count"] == count
    assert events[-1].data["message"] == "所有任务处理完成(已取消)"
    assert events[-1].data["reason"] == "任务已取消"
    if way == "B7":
        assert answer["status"] == "success"
        assert answer["cancelled_runninghub_tasks"] >= 1
        assert answer["cancelled_runninghub_tasks"] + answer["removed_from_queue"] == count
        assert answer["request_ids_notified"] == 1
    assert stack.calls("runninghub", "cancel") >= 1
    assert eager.get(f"/api/stream/tasks/{request_of(events)}").json()["status"] == "canceled"
    again = eager.post("/api/runninghub/task-cancel", json={"request_id": request_of(events)})
    assert again.status_code == 404


def cancel(client: httpx.Client, request_id: str, way: str) -> dict[str, Any]:
    if way == "B7":
        answer = client.post("/api/runninghub/task-cancel", json={"request_id": request_id})
    else:
        answer = client.delete(f"/api/stream/cancel/{request_id}")
        assert answer.json()["task_type"] == "runninghub_processing"
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_cancelling_one_request_never_touches_another(eager: httpx.Client, written: str, stack: Stack) -> None:
    stack.tune(runninghub_seconds=[2, 2])
    try:
        with (
            eager.stream("POST", f"{B4}/{written}", json={"episode": 1}) as one,
            eager.stream("POST", f"{B4}/{written}", json={"episode": 2}) as two,
        ):
            first, second = listen(one), listen(two)
            mine = str(next(first).data["request_id"])
            for wrong in (mine[:-1], mine[:8], mine + "0"):
                assert eager.post("/api/runninghub/task-cancel", json={"request_id": wrong}).status_code == 404
            cancel(eager, mine, "B7")
            stack.tune(runninghub_seconds=[0.2, 0.5])
            others = list(second)
    finally:
        stack.tune(runninghub_seconds=[0.2, 0.5])
    assert not of(others, "task_cancelled")
    assert {done["status"] for done in of(others, "subtask_completed")} == {"SUCCESS"}


@pytest.mark.parametrize("body", [{}, {"request_id": ""}, {"request_id": None}, {"request_id": 7}])
def test_a_cancel_without_an_id_is_refused(eager: httpx.Client, body: dict[str, Any]) -> None:
    assert eager.post("/api/runninghub/task-cancel", json=body).status_code == 422


def test_status_and_result_are_passed_on_raw(eager: httpx.Client, written: str) -> None:
    vendor_id = of(processed(eager, written, episode=1), "task_created")[0]["runninghub_task_id"]
    status = eager.post("/api/runninghub/task-status", json={"task_id": vendor_id}).json()
    assert status["task_id"] == vendor_id
    assert status["status"]["data"] == "SUCCESS"
    assert status["demo"] is True
    result = eager.post("/api/runninghub/task-result", json={"task_id": vendor_id}).json()
    assert result["result"] == status["result"]
    assert result["result"]["data"][0]["fileUrl"]


def test_an_id_that_runninghub_does_not_know_is_its_own_business_code(eager: httpx.Client) -> None:
    status = eager.post("/api/runninghub/task-status", json={"task_id": "1920031617669115905"})
    assert status.status_code == 200
    assert status.json()["status"]["code"] == 807
    assert "result" not in status.json()


@pytest.mark.parametrize("path", ["/api/runninghub/task-status", "/api/runninghub/task-result"])
def test_ids_are_strings_and_not_empty(eager: httpx.Client, path: str) -> None:
    assert eager.post(path, json={"task_id": 1920031617669115905}).status_code == 422
    empty = eager.post(path, json={"task_id": ""})
    assert (empty.status_code, empty.json()["error"]) == (400, "缺少任务ID")


@pytest.mark.parametrize(("kind", "value"), [("html", None), ("status", 502), ("reset", None), ("not_json", None)])
def test_a_failed_call_is_a_500_with_its_reason(eager: httpx.Client, stack: Stack, kind: str, value: Any) -> None:
    stack.fault(vendor="runninghub", kind=kind, value=value, times=2)
    status = eager.post("/api/runninghub/task-status", json={"task_id": "1920031617669115905"})
    assert status.status_code == 500
    assert status.json()["error"].startswith("查询任务状态出错: ")
    assert status.json()["errorCode"] == "RUNNINGHUB_API_ERROR"
    result = eager.post("/api/runninghub/task-result", json={"task_id": "1920031617669115905"})
    assert result.json()["error"].startswith("查询任务结果出错: ")

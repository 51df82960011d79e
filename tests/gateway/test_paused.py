"""Work that waits for a reader says so, can be found, gone on with, and ended."""

from uuid import uuid4

import httpx
import pytest

from tests.gateway.told import listen
from tests.stack import Stack
from tests.waiting import eventually

A3 = "/api/generate-all-images?stream=true"
A1 = "/api/intelligent-analyze-script?stream=true"


@pytest.fixture
def slow(stack: Stack) -> Stack:
    stack.tune(jimeng_seconds=[3, 3])
    return stack


def left(client: httpx.Client, path: str, body: dict[str, object]) -> str:
    """A task that was begun by a stream which was left after its first event: its address."""
    with client.stream("POST", path, json=body) as stream:
        assert stream.status_code == 200, stream.read()
        location = str(stream.headers["location"])
        next(listen(stream))
    return location.removesuffix("/events")


def frames(count: int) -> dict[str, object]:
    mark = uuid4().hex
    return {"frames": [{"sequence": n, "prompt": f"{mark} {n}"} for n in range(1, count + 1)]}


def test_a_batch_that_nobody_reads_is_paused_and_goes_on_when_it_is_read_again(
    slow: Stack, gateway: httpx.Client
) -> None:
    task = left(gateway, A3, frames(4))
    eventually(lambda: gateway.get(task).json()["status"] == "paused", "it never says that it waits")
    shown = gateway.get(task).json()
    assert shown["reason"] == "NO_READER"
    listed = gateway.get("/api/stream/tasks", params={"status": "paused"}).json()["tasks"]
    assert shown["task_id"] in {one["task_id"] for one in listed}
    assert {one["status"] for one in listed} == {"paused"}
    slow.tune(jimeng_seconds=[0.2, 0.5])
    with gateway.stream("GET", f"{task}/events") as stream:
        last = list(listen(stream))[-1]
    assert last.data["type"] == "complete"
    done = gateway.get(task).json()
    assert (done["status"], done["stats"]) == ("completed", {"total": 4, "success": 4, "failed": 0})
    assert all(item["contentUrl"] == f"/api/images/{item['taskId']}/content" for item in done["data"])


@pytest.mark.parametrize("path", [A3, A1])
def test_what_waits_for_a_reader_can_be_ended(slow: Stack, gateway: httpx.Client, path: str) -> None:
    story = {"script": "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。", "sceneCount": 2}
    slow.tune(deepseek_seconds=[2, 2])
    try:
        task = left(gateway, path, frames(8) if path == A3 else story)
        bought = slow.submitted("jimeng")
        ended = gateway.delete(f"/api/stream/cancel/{task.rsplit('/', 1)[1]}")
        assert (ended.status_code, ended.json()["status"]) == (200, "canceled")
        shown = gateway.get(task).json()
        assert (shown["status"], shown["errorCode"]) == ("canceled", "CANCELED")
        again = gateway.delete(f"/api/stream/cancel/{shown['task_id']}")
        assert again.status_code == 404
        with gateway.stream("GET", f"{task}/events") as stream:
            last = list(listen(stream))[-1]
        assert (last.data["type"], last.data["errorCode"]) == ("error", "CANCELED")
        assert slow.submitted("jimeng") <= bought + 2, "at most what was in a slot already"
    finally:
        slow.tune(deepseek_seconds=[0.01, 0.05], jimeng_seconds=[0.2, 0.5])


def test_a_batch_with_failures_counts_them_while_it_runs(stack: Stack, gateway: httpx.Client) -> None:
    body = frames(2) | {"config": None}
    body["frames"].append({"sequence": 3, "prompt": "sandbox:50413"})  # type: ignore[attr-defined]
    with gateway.stream("POST", A3, json=body) as stream:
        task = str(stream.headers["location"]).removesuffix("/events")
        list(listen(stream))
    assert gateway.get(task).json()["stats"] == {"total": 3, "success": 2, "failed": 1}
    listed = gateway.get("/api/stream/tasks", params={"task_type": "batch_images"}).json()["tasks"]
    mine = next(one for one in listed if one["task_id"] == task.rsplit("/", 1)[1])
    assert mine["stats"] == {"total": 3, "success": 2, "failed": 1}


def test_a_storyboard_of_a_hundred_parts_can_be_drawn_with_its_end_frame(gateway: httpx.Client) -> None:
    refused = gateway.post("/api/generate-all-images", json=frames(102))
    assert refused.status_code == 422
    task = left(gateway, A3, frames(101))
    assert gateway.get(task).json()["total"] == 101
    assert gateway.delete(f"/api/stream/cancel/{task.rsplit('/', 1)[1]}").status_code == 200

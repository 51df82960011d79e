"""What the running services answer is what their descriptions say: no property too few, none too many, none of
another type."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app as gateway_app
from imagegen.app import create_app as imagegen_app
from tests.openapi.services import check, check_stream
from tests.stack import Stack

STORY = "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。"
ANALYSIS = {"script": STORY, "sceneCount": 2, "style": "anime", "genre": "urban"}
FRAMES = {"frames": [{"sequence": 1, "prompt": "雨夜"}, {"prompt": "便利店", "frameType": "开始帧"}]}
SCRIPT = {"genre": "都市", "duration": "1分钟", "episodes": 1, "characters": ["小满,女,20"]}


@pytest.fixture(scope="module")
def described() -> FastAPI:
    return gateway_app()


@pytest.fixture
def quick(stack: Stack) -> Stack:
    stack.tune(claude_deltas_per_second=0)
    return stack


def followed(gateway: httpx.Client, path: str, json: Any) -> tuple[str, str]:
    """The task, and its whole stream."""
    answer = gateway.post(path, json=json)
    assert answer.status_code == 200, answer.text
    return answer.headers["Location"].split("/")[4], answer.text


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/api/health", "/api/meta", "/api/metrics"])
def test_probes_answer_as_described(gateway: httpx.Client, described: FastAPI, path: str) -> None:
    check(described, gateway.get(path))


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/api/health", "/api/metrics"])
def test_imagegens_probes_answer_as_described(imagegen: httpx.Client, path: str) -> None:
    check(imagegen_app(), imagegen.get(path))


def test_an_analysis_answers_as_described(gateway: httpx.Client, described: FastAPI) -> None:
    check(described, gateway.post("/api/intelligent-analyze-script", json=ANALYSIS))
    task_id, text = followed(gateway, "/api/intelligent-analyze-script?stream=true", ANALYSIS)
    assert check_stream("AnalysisEvent", text)[-1] == "complete"
    check(described, gateway.get(f"/api/stream/tasks/{task_id}"))
    assert check_stream("TaskEvent", gateway.get(f"/api/stream/tasks/{task_id}/events").text)


def test_an_analysis_that_fails_says_so_as_described(stack: Stack, gateway: httpx.Client, described: FastAPI) -> None:
    stack.fault(vendor="deepseek", kind="status", value=400, times=2)
    answer = gateway.post("/api/intelligent-analyze-script", json=ANALYSIS)
    assert answer.status_code == 500
    check(described, answer)
    _, text = followed(gateway, "/api/intelligent-analyze-script?stream=true", ANALYSIS)
    assert check_stream("AnalysisEvent", text)[-1] == "error"


def test_a_batch_answers_as_described(gateway: httpx.Client, described: FastAPI) -> None:
    check(described, gateway.post("/api/generate-all-images", json=FRAMES))
    task_id, text = followed(gateway, "/api/generate-all-images?stream=true", FRAMES)
    assert {"progress", "frame_complete", "complete"} == set(check_stream("BatchEvent", text))
    check(described, gateway.get(f"/api/stream/tasks/{task_id}"))


@pytest.mark.parametrize("provider", ["jimeng", "runninghub"])
def test_a_picture_answers_as_described(gateway: httpx.Client, described: FastAPI, provider: str) -> None:
    order = {"prompt": "雨夜", "provider": provider, "config": {"aspectRatio": "16:9"}}
    accepted = gateway.post("/api/images", json=order)
    assert accepted.status_code == 202
    check(described, accepted)
    location = accepted.headers["Location"]
    check(described, gateway.get(location))
    check(described, gateway.get(location, headers={"Prefer": "wait=20"}))
    finished = gateway.post("/api/images", json=order, headers={"Prefer": "wait=20"})
    assert finished.status_code == 200
    check(described, finished)
    check(described, gateway.delete(location))


def test_painting_while_waiting_answers_as_described(
    gateway: httpx.Client, imagegen: httpx.Client, described: FastAPI
) -> None:
    order = {"prompt": "雨夜", "frame": {"sequence": 1}}
    check(described, gateway.post("/api/generate-image", json=order))
    check(described, gateway.post("/api/generate-image-python", json=order))
    check(imagegen_app(), imagegen.post("/api/generate-image", json=order))


def test_a_script_and_its_pictures_answer_as_described(quick: Stack, gateway: httpx.Client, described: FastAPI) -> None:
    script, text = followed(gateway, "/api/stream/generate-script", SCRIPT)
    assert {"task_id", "content_chunk", "episode_content", "complete"} <= set(check_stream("ScriptEvent", text))
    check(described, gateway.get(f"/api/stream/tasks/{script}"))
    prompts = gateway.get(f"/api/stream/extract-scene-prompts/{script}")
    assert check_stream("ExtractionEvent", prompts.text)[-1] == "complete"
    hub, text = followed(gateway, f"/api/stream/process-prompts-with-runninghub/{script}", {"episode": 1})
    assert {"status", "task_created", "subtask_completed", "complete"} <= set(check_stream("RunningHubEvent", text))
    check(described, gateway.get(f"/api/stream/tasks/{hub}"))
    vendor_id = text.split('"runninghub_task_id":"')[1].split('"')[0]
    check(described, gateway.post("/api/runninghub/task-status", json={"task_id": vendor_id}))
    check(described, gateway.post("/api/runninghub/task-result", json={"task_id": vendor_id}))
    check(described, gateway.post("/api/tickets", json={"task_id": script}))
    check(described, gateway.get("/api/stream/tasks?limit=100"))


def test_a_cancel_answers_as_described(stack: Stack, gateway: httpx.Client, described: FastAPI) -> None:
    stack.tune(claude_deltas_per_second=5)
    with gateway.stream("POST", "/api/stream/generate-script", json=SCRIPT) as answer:
        script = answer.headers["Location"].split("/")[4]
        check(described, gateway.delete(f"/api/stream/cancel/{script}"))
        assert check_stream("ScriptEvent", answer.read().decode())[-1] == "canceled"


def test_errors_are_the_one_object(gateway: httpx.Client, imagegen: httpx.Client, described: FastAPI) -> None:
    check(described, gateway.post("/api/intelligent-analyze-script", json={"sceneCount": 3}))
    check(described, gateway.post("/api/stream/generate-script", json=SCRIPT | {"episodes": 0, "characters": {}}))
    check(described, gateway.get("/api/stream/tasks/unknown"))
    check(described, gateway.get("/api/images/unknown"))
    check(described, gateway.get("/nowhere"))
    check(described, gateway.put("/api/images"))
    check(imagegen_app(), imagegen.post("/api/images", json={"prompt": ["雨夜"]}))

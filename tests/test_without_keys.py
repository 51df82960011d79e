"""Contract §1.3: without keys and without a sandbox, and with a sandbox that is not running."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.gateway.stories import PATH, form
from tests.plain import calling
from tests.stack import Stack, free_port

VOLCENGINE = "未配置VOLCENGINE_ACCESS_KEY_ID或VOLCENGINE_SECRET_ACCESS_KEY"
SCRIPT = {"genre": "悬疑", "duration": "1分钟", "episodes": 1, "characters": []}


class Pair:
    """Clients of a gateway and its imagegen."""

    def __init__(self, stack: Stack, sandbox_url: str) -> None:
        self.sandbox_url = sandbox_url
        painting = stack.add("imagegen", SANDBOX_URL=sandbox_url).start(wait=False)
        front = stack.add("gateway", SANDBOX_URL=sandbox_url, PYTHON_BACKEND_URL=painting.url).start(wait=False)
        for process in (painting, front):
            process.wait_ready()
        self.imagegen = calling(painting.url)
        self.gateway = calling(front.url)

    def close(self) -> None:
        self.imagegen.close()
        self.gateway.close()


@pytest.fixture(scope="module")
def _stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("without"))
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def bare(_stack: Stack) -> Iterator[Pair]:
    """Neither keys nor a sandbox."""
    with closing(Pair(_stack, "")) as pair:
        yield pair


@pytest.fixture(scope="module")
def deserted(_stack: Stack) -> Iterator[Pair]:
    """No keys, and nobody at the sandbox's address."""
    with closing(Pair(_stack, f"http://127.0.0.1:{free_port()}")) as pair:
        yield pair


def check(answer: httpx.Response, text: str, code: str = "CONFIGURATION_ERROR") -> None:
    told = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (answer.status_code, told["error"], told["detail"]) == (500, text, text)
    assert (told["success"], told["errorCode"]) == (False, code)


def test_each_endpoint_names_the_key_that_it_lacks(bare: Pair) -> None:
    gateway, imagegen = bare.gateway, bare.imagegen
    check(gateway.post(PATH, json=form()), "智能分析失败: 未配置DEEPSEEK_API_KEY")
    check(gateway.post(f"{PATH}?stream=true", json=form()), "智能分析失败: 未配置DEEPSEEK_API_KEY")
    check(gateway.post("/api/stream/generate-script", json=SCRIPT), "未配置ANTHROPIC_API_KEY")
    check(gateway.post("/api/generate-image", json={"prompt": "a"}), f"Python后端调用失败: {VOLCENGINE}")
    check(imagegen.post("/api/generate-image", json={"prompt": "a"}), VOLCENGINE)
    for client in (gateway, imagegen):
        check(client.post("/api/images", json={"prompt": "a"}), VOLCENGINE)
        hub: dict[str, Any] = {"prompt": "a", "provider": "runninghub"}
        check(client.post("/api/images", json=hub), "未配置RUNNINGHUB_API_KEY")


def test_what_is_missing_in_the_request_comes_first(bare: Pair) -> None:
    assert bare.gateway.post(PATH, json={}).status_code == 400
    assert bare.gateway.post(PATH, json=form(sceneCount=500)).status_code == 422
    assert bare.imagegen.post("/api/generate-image", json={}).status_code == 400


def test_a_refused_request_leaves_no_task_and_its_key_free(bare: Pair) -> None:
    key = {"Idempotency-Key": "too-early"}
    check(bare.gateway.post(PATH, json=form(), headers=key), "智能分析失败: 未配置DEEPSEEK_API_KEY")
    check(bare.gateway.post(PATH, json=form(sceneCount=9), headers=key), "智能分析失败: 未配置DEEPSEEK_API_KEY")
    assert bare.gateway.get("/api/stream/tasks").json()["tasks"] == []


def test_health_says_what_is_missing(bare: Pair) -> None:
    answer = bare.imagegen.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert answer.json()["dependencies"]["volcengine_api"] == {"status": "unhealthy", "error": VOLCENGINE}
    answer = bare.gateway.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    dependencies = answer.json()["dependencies"]
    assert dependencies["deepseek"] == {"status": "unhealthy", "error": "未配置DEEPSEEK_API_KEY"}
    assert dependencies["python_backend"]["status"] == "unhealthy"
    for client in (bare.gateway, bare.imagegen):
        assert client.get("/readyz").status_code == 200, "it runs; it only lacks keys"


def test_a_sandbox_that_does_not_run_is_named_with_the_key_it_stands_for(deserted: Pair) -> None:
    missing = f"且沙盒（{deserted.sandbox_url}）未运行"
    answer = deserted.gateway.post(PATH, json=form())
    text = f"智能分析失败: 第1步: 故事切分失败: 网络连接错误 - 未配置DEEPSEEK_API_KEY，{missing}"
    check(answer, text, "ANALYSIS_FAILED")
    check(
        deserted.imagegen.post("/api/generate-image", json={"prompt": "a"}),
        f"SDK调用失败: {VOLCENGINE}，{missing}",
        "VOLCENGINE_API_ERROR",
    )
    deepseek = deserted.gateway.get("/api/health").json()["dependencies"]["deepseek"]
    assert deepseek["status"] == "unhealthy"
    assert f"未配置DEEPSEEK_API_KEY，{missing}" in deepseek["error"]

"""Idempotency-Key through HTTP (contract §2.3), also across a restart of every process."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.stories import PATH, analyse, analyse_streamed, form
from tests.gateway.told import parse
from tests.imagegen.ordering import bought, ended, look
from tests.plain import calling, http
from tests.stack import Stack

IMAGE = "/api/generate-image"


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or str(uuid4())}


def check_reused(answer: httpx.Response) -> None:
    told = answer.json()
    text = "Idempotency-Key已用于另一个不同的请求"
    assert (answer.status_code, told["error"], told["detail"]) == (422, text, text)
    assert told["errorCode"] == "IDEMPOTENCY_KEY_REUSED"


def check_running(answer: httpx.Response) -> None:
    told = answer.json()
    assert (answer.status_code, told["error"]) == (409, "相同Idempotency-Key的请求正在处理中，请稍后重试")
    assert (told["errorCode"], int(answer.headers["retry-after"]) >= 1) == ("REQUEST_IN_PROGRESS", True)


def at_once(count: int, url: str, body: dict[str, Any], key: dict[str, str]) -> list[httpx.Response]:
    """The answers to equal requests sent at the same moment, by status."""
    barrier = threading.Barrier(count)

    def post(_: int) -> httpx.Response:
        with calling(timeout=60) as client:
            barrier.wait()
            return client.post(url, json=body, headers=key)

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(post, range(count)), key=lambda answer: answer.status_code)


def test_a_finished_analysis_is_answered_again_and_not_paid_again(gateway: httpx.Client, stack: Stack) -> None:
    key = keyed()
    first = analyse(gateway, key, sceneCount=1)
    calls = stack.calls("deepseek", "chat")
    again = gateway.post(PATH, content=first.request.content, headers=key | {"Content-Type": "application/json"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    turned = dict(reversed(form(sceneCount=1).items()))
    assert gateway.post(PATH, json=turned, headers=key).content == first.content
    assert stack.calls("deepseek", "chat") == calls


def test_a_failure_is_answered_again_to_the_letter(gateway: httpx.Client, stack: Stack) -> None:
    key = keyed()
    stack.fault(vendor="deepseek", kind="status", value=400)
    first, again = analyse(gateway, key), analyse(gateway, key)
    assert (first.status_code, again.status_code) == (500, 500)
    assert again.content == first.content
    key = keyed()
    stack.fault(vendor="jimeng", kind="code", call="submit", value=50412)
    for path, client_key in ((IMAGE, key), ("/api/generate-image-python", key)):
        answer = gateway.post(path, json={"prompt": "重复的失败"}, headers=client_key)
        assert (answer.status_code, answer.json()["error"][-18:]) == (500, "Text Risk Not Pass")
        assert (
            answer.json()["timestamp"]
            == gateway.post(IMAGE, json={"prompt": "重复的失败"}, headers=key).json()["timestamp"]
        )
    assert bought(stack, "重复的失败") == 0


def test_another_body_or_query_is_refused_before_anything_else(gateway: httpx.Client) -> None:
    key = keyed()
    analyse(gateway, key, sceneCount=1)
    check_reused(analyse(gateway, key, sceneCount=2))
    check_reused(analyse(gateway, key, sceneCount=1, unknown="ignored otherwise"))
    check_reused(gateway.post(f"{PATH}?stream=true", json=form(sceneCount=1), headers=key))
    check_reused(gateway.post(PATH, json={}, headers=key))
    assert analyse(gateway, key, sceneCount=1).status_code == 200


@pytest.mark.parametrize("path", [IMAGE, "/api/images"])
def test_another_picture_is_refused(gateway: httpx.Client, imagegen: httpx.Client, path: str) -> None:
    for client in (gateway, imagegen):
        key = keyed()
        assert client.post(path, json={"prompt": "甲"}, headers=key).status_code in {200, 202}
        check_reused(client.post(path, json={"prompt": "乙"}, headers=key))
        check_reused(client.post(path, json={"prompt": "甲", "characters": ["丙"]}, headers=key))


def test_one_key_may_serve_every_endpoint(gateway: httpx.Client) -> None:
    key = keyed()
    assert analyse(gateway, key, sceneCount=1).status_code == 200
    assert gateway.post(IMAGE, json={"prompt": "甲"}, headers=key).status_code == 200
    assert gateway.post("/api/images", json={"prompt": "甲"}, headers=key).status_code == 202


def test_refused_requests_are_not_remembered(gateway: httpx.Client) -> None:
    key = keyed()
    assert gateway.post(PATH, json={}, headers=key).status_code == 400
    assert analyse(gateway, key, sceneCount=500).status_code == 422
    assert analyse(gateway, key, sceneCount=1).status_code == 200
    key = keyed()
    for path in (IMAGE, "/api/images"):
        assert gateway.post(path, json={}, headers=key).status_code == 400
        assert gateway.post(path, json={"prompt": 5}, headers=key).status_code == 422
        assert gateway.post(path, json={"prompt": "好"}, headers=key).status_code in {200, 202}


@pytest.mark.parametrize("key", ["", "k" * 256])
@pytest.mark.parametrize("path", [PATH, IMAGE, "/api/images"])
def test_a_key_out_of_bounds_is_422(gateway: httpx.Client, key: str, path: str) -> None:
    answer = gateway.post(path, json=form() | {"prompt": "a"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")


def test_while_an_analysis_runs_a_second_one_is_told_to_wait(gateway: httpx.Client, stack: Stack) -> None:
    key = keyed()
    stack.fault(vendor="deepseek", kind="delay", call="chat", value=1.5)
    answers = at_once(3, f"{gateway.base_url}{PATH}", form(sceneCount=1), key)
    assert [answer.status_code for answer in answers] == [200, 409, 409]
    check_running(answers[-1])


def test_while_a_picture_is_painted_a_second_one_is_told_to_wait(
    gateway: httpx.Client, imagegen: httpx.Client, stack: Stack
) -> None:
    stack.tune(jimeng_seconds=[1.5, 1.5])
    for client in (gateway, imagegen):
        answers = at_once(3, f"{client.base_url}{IMAGE}", {"prompt": "同时"}, keyed())
        assert [answer.status_code for answer in answers] == [200, 409, 409]
        check_running(answers[-1])
    stack.tune(jimeng_seconds=[0.2, 0.5])


def test_orders_with_one_key_join(gateway: httpx.Client, stack: Stack) -> None:
    key = keyed()
    answers = [gateway.post("/api/images", json={"prompt": "并单"}, headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.headers["location"] for answer in answers}) == 1
    image_id = answers[0].json()["id"]
    ended(gateway, image_id)
    assert gateway.post("/api/images", json={"prompt": "并单"}, headers=key).content == answers[0].content
    assert bought(stack, "并单") == 1


def test_streams_with_one_key_join_and_replay(gateway: httpx.Client, stack: Stack) -> None:
    key = keyed()
    stack.fault(vendor="deepseek", kind="delay", call="chat", value=0.7)

    def follow(url: httpx.URL) -> tuple[str, bytes]:
        answer = http.post(f"{url}{PATH}?stream=true", json=form(sceneCount=1), headers=key)
        return answer.headers["location"], answer.content

    with ThreadPoolExecutor(3) as pool:
        told = [future.result() for future in [pool.submit(follow, gateway.base_url) for _ in range(3)]]
    told.append(follow(gateway.base_url))
    assert len({location for location, _ in told}) == 1
    raw = [[event.raw for event in parse(body)] for _, body in told]
    assert raw[1:] == raw[:1] * 3
    assert [event.raw for event in analyse_streamed(gateway, key, sceneCount=1)] == raw[0]


def test_everything_is_still_there_after_a_restart_of_every_process(own_stack: Stack) -> None:
    own_stack.start()
    key = keyed()
    with calling(own_stack.gateway_url) as gateway:
        storyboard = analyse(gateway, key, sceneCount=1)
        painted = gateway.post(IMAGE, json={"prompt": "留存"}, headers=key)
        ordered = gateway.post("/api/images", json={"prompt": "订单"}, headers=key)
        shown = ended(gateway, ordered.json()["id"])
        tasks = gateway.get("/api/stream/tasks").json()
        picture = gateway.get(painted.json()["data"]["contentUrl"])
    for process in own_stack.processes:
        assert process.stop() in {0, -15}
    for process in own_stack.processes:
        process.start(wait=False)
    for process in own_stack.processes:
        process.wait_ready()
    with calling(own_stack.gateway_url) as gateway:
        assert analyse(gateway, key, sceneCount=1).content == storyboard.content
        assert gateway.post(IMAGE, json={"prompt": "留存"}, headers=key).content == painted.content
        assert gateway.post("/api/images", json={"prompt": "订单"}, headers=key).content == ordered.content
        check_reused(analyse(gateway, key, sceneCount=2))
        check_reused(gateway.post(IMAGE, json={"prompt": "别的"}, headers=key))
        assert look(gateway, ordered.json()["id"]) == shown
        assert gateway.get("/api/stream/tasks").json() == tasks
        assert gateway.get(painted.json()["data"]["contentUrl"]).content == picture.content
    assert bought(own_stack, "留存") == bought(own_stack, "订单") == 1


def test_the_ids_in_the_path_belong_to_the_request(stack: Stack, gateway: httpx.Client) -> None:
    stack.tune(claude_deltas_per_second=0)
    script = {"genre": "都市", "duration": "1分钟", "episodes": 1, "characters": ["小满,女,20"]}
    first, second = (
        gateway.post("/api/stream/generate-script", json=script).headers["location"].split("/")[4] for _ in range(2)
    )
    path, key = "/api/stream/process-prompts-with-runninghub", keyed()
    answer = gateway.post(f"{path}/{first}", headers=key)
    assert answer.status_code == 200
    check_reused(gateway.post(f"{path}/{second}", headers=key))
    assert gateway.post(f"{path}/{first}", headers=key).headers["location"] == answer.headers["location"]

"""Bodies that are allowed but heavy: nobody else waits for them, and memory has a bound."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from shared.web.body_limit import MOST_BYTES_HELD, MOST_VALUES
from tests.imagegen.ordering import look
from tests.plain import calling, http
from tests.stack import Stack

MEGABYTE = 1024 * 1024
JSON_TYPE = {"Content-Type": "application/json"}
ORDER = "/api/images"


def heavy_order() -> bytes:
    """10 MB, with almost as many values as are allowed."""
    frame: dict[str, Any] = {"prompt": "雨夜的霓虹", "layers": [[number] for number in range(MOST_VALUES // 2 - 1000)]}
    frame["notes"] = "x" * (10 * MEGABYTE - len(json.dumps(frame)) - 1000)
    return json.dumps({"frame": frame}).encode()


def seconds_to_parse(body: bytes) -> float:
    """What reading this body costs a program that only reads it."""
    begun = time.perf_counter()
    json.loads(body)
    return time.perf_counter() - begun


def longest_wait(url: str, work: Callable[[], Any]) -> float:
    """The longest time that `/livez` took while the work was done."""
    longest, done = 0.0, threading.Event()

    def ask() -> None:
        nonlocal longest
        with calling(url) as client:
            while not done.is_set():
                begun = time.perf_counter()
                assert client.get("/livez").status_code == 200
                longest = max(longest, time.perf_counter() - begun)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        work()
    finally:
        done.set()
        asking.join()
    return longest


@pytest.mark.parametrize("service", ["gateway", "imagegen"])
def test_a_body_at_its_limit_stops_nobody_for_long(stack: Stack, service: str) -> None:
    """By ratio: what others wait is at most twice what a mere parse of the body takes on this machine."""
    body = heavy_order()
    url = stack.of(service)[0].url

    def order() -> None:
        for _ in range(3):
            answer = http.post(url + ORDER, content=body, headers=JSON_TYPE | {"Idempotency-Key": f"{time.time_ns()}"})
            assert answer.status_code == 202, answer.text[:300]

    ratios = [longest_wait(url, order) / seconds_to_parse(body) for _ in range(3)]
    assert min(ratios) < 2, ratios


PICTURE = {"imageUrl": "data:image/png;base64," + "A" * MEGABYTE}
REFUSED: dict[str, tuple[str, dict[str, Any], int]] = {
    "95 pictures": ("/api/generate-all-images", {"frames": [PICTURE] * 95}, 400),
    "frames that are none": ("/api/generate-all-images", {"frames": {"a": [[n] for n in range(240_000)]}}, 422),
    "a style that is none": (
        "/api/intelligent-analyze-script",
        {"script": "雨夜", "sceneCount": 3, "style": [[n] for n in range(240_000)]},
        422,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_heavy_body_is_refused_without_stopping_anybody_for_long(stack: Stack, name: str) -> None:
    path, value, status = REFUSED[name]
    body = json.dumps(value).encode()

    def send() -> None:
        answer = http.post(stack.gateway_url + path, content=body, headers=JSON_TYPE)
        assert (answer.status_code, len(answer.content) < 5000) == (status, True)

    ratios = [longest_wait(stack.gateway_url, send) / seconds_to_parse(body) for _ in range(3)]
    assert min(ratios) < 2, ratios


def test_eight_heavy_orders_at_once_are_all_taken_and_of_their_frames_little_is_kept(stack: Stack) -> None:
    body = heavy_order()

    def order(_: int) -> httpx.Response:
        return http.post(stack.gateway_url + ORDER, content=body, headers=JSON_TYPE)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(order, range(8)))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert all(process.alive for process in stack.processes)
    with calling(stack.imagegen_url) as client:
        assert look(client, answers[0].json()["id"])["frame"] == {"prompt": "雨夜的霓虹"}


def test_a_body_of_more_values_than_anybody_needs_is_too_large(gateway: httpx.Client) -> None:
    for values in (b"0," * (MOST_VALUES + 1) + b"0", b"[]," * MOST_VALUES + b"0"):
        body = b'{"frames":[{"prompt":"a","layers":[' + values + b"]}]}"
        answer = gateway.post("/api/generate-all-images", content=body, headers=JSON_TYPE)
        assert (answer.status_code, answer.json()["error"]) == (413, "请求体过大")


def unfinished_batch(together: threading.Barrier) -> Iterator[bytes]:
    """90 MB that are no JSON in the end, and so cost nothing; the last 30 are sent when all have come so far."""
    yield b'{"frames":[{"prompt":"'
    for megabyte in range(90):
        if megabyte == 60:
            together.wait(60)
        yield b"x" * MEGABYTE


def test_bodies_together_take_no_more_memory_than_their_bound(stack: Stack) -> None:
    """Whoever would pass the bound is told to come again."""
    process, together = psutil.Process(stack.of("gateway")[0].pid), threading.Barrier(4)
    path, before = stack.gateway_url + "/api/generate-all-images", process.memory_info().rss

    def send(_: int) -> httpx.Response:
        return http.post(path, content=unfinished_batch(together), headers=JSON_TYPE)

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(send, range(4)), key=lambda answer: answer.status_code)
    assert {answer.status_code for answer in answers} == {422, 503}
    assert (answers[-1].json()["errorCode"], answers[-1].headers["retry-after"]) == ("BACKEND_UNAVAILABLE", "2")
    assert process.memory_info().rss - before < 3 * MOST_BYTES_HELD
    again = http.post(path, content=unfinished_batch(threading.Barrier(1)), headers=JSON_TYPE)
    assert again.status_code == 422, "what was held is free again"

"""Whatever is sent: the contract's error, nothing started, nothing told, nothing lost."""

import json
from typing import Any

import httpx
import psutil
import pytest

from tests.hostile.conftest import CANARIES
from tests.hostile.corpus import A1, N1, STORY, Attack, accepted, refused
from tests.plain import http
from tests.stack import Stack

CORPUS = refused() + accepted()
CODES = {400: "MISSING_PARAMETER", 413: "PAYLOAD_TOO_LARGE", 405: "METHOD_NOT_ALLOWED"}
MEGABYTE = 1024 * 1024


def sent(client: httpx.Client, attack: Attack) -> httpx.Response:
    return client.request(attack.method, attack.path, content=attack.content, headers=attack.headers)


def check_told_nothing(answer: httpx.Response) -> None:
    told = answer.text + str(answer.headers)
    assert not [name for name, secret in CANARIES.items() if secret in told]
    assert "Traceback" not in told
    assert "x-injected" not in answer.headers
    assert "set-cookie" not in answer.headers


def check_error_object(answer: httpx.Response) -> None:
    body = answer.json()
    assert body["success"] is False
    assert isinstance(body["error"], str)
    assert body["error"]
    assert body["detail"]
    assert body["errorCode"] == CODES.get(answer.status_code, body["errorCode"])
    assert body["timestamp"].endswith("Z")


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 150
    assert len({attack.name for attack in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("attack", refused(), ids=lambda attack: attack.name)
def test_a_hostile_request_gets_the_contracts_answer(canary_gateway: httpx.Client, attack: Attack) -> None:
    answer = sent(canary_gateway, attack)
    assert answer.status_code in attack.statuses, answer.text[:500]
    check_told_nothing(answer)
    if answer.status_code >= 400:
        check_error_object(answer)


@pytest.mark.parametrize("attack", accepted(), ids=lambda attack: attack.name)
def test_an_odd_text_is_a_text(gateway: httpx.Client, attack: Attack) -> None:
    answer = sent(gateway, attack)
    form: dict[str, Any] = json.loads(attack.content)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.json()["data"]["prompt"] == (form.get("frame") or {}).get("prompt", form["prompt"])
    check_told_nothing(answer)


def test_with_refused_keys_every_vendor_error_is_told_without_them(canary_gateway: httpx.Client) -> None:
    bodies: list[tuple[str, dict[str, Any]]] = [
        (A1, {"script": STORY, "sceneCount": 2}),
        (f"{A1}?stream=true", {"script": STORY, "sceneCount": 2}),
        ("/api/generate-image", {"prompt": "灯塔"}),
        ("/api/stream/generate-script", {"genre": "都市", "duration": "1分钟", "episodes": 1, "characters": ["小满"]}),
        (f"{N1}", {"prompt": "灯塔", "provider": "runninghub"}),
    ]
    for path, body in bodies:
        check_told_nothing(canary_gateway.post(path, json=body, headers={"Prefer": "wait=10"}))
    for path in (
        "/api/health",
        "/api/meta",
        "/api/metrics",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/api/stream/tasks",
        "/",
    ):
        check_told_nothing(canary_gateway.get(path))


def test_no_canary_is_in_any_log_or_metric(canary_stack: Stack, canary_gateway: httpx.Client) -> None:
    canary_gateway.post(A1, json={"script": STORY, "sceneCount": 2})
    told = "".join(process.log.read_text(errors="replace") for process in canary_stack.processes)
    told += http.get(f"{canary_stack.imagegen_url}/metrics").text
    assert "request_id" in told
    assert not [name for name, secret in CANARIES.items() if secret in told]


def test_a_header_with_a_line_end_reaches_nobody(stack: Stack, gateway: httpx.Client) -> None:
    answer = gateway.get("/livez", headers={"X-Request-ID": "a%0d%0aX-Injected: yes"})
    assert "x-injected" not in answer.headers
    assert "%0d" not in answer.headers["X-Request-ID"]


def test_the_whole_corpus_again_costs_no_memory(stack: Stack, gateway: httpx.Client) -> None:
    process = psutil.Process(stack.of("gateway")[0].pid)
    for attack in refused():
        sent(gateway, attack)
    before = process.memory_info().rss
    for _ in range(3):
        for attack in refused():
            sent(gateway, attack)
    assert process.memory_info().rss - before < 15 * MEGABYTE
    assert gateway.get("/livez").status_code == 200

"""Bodies over their limit never reach memory."""

from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.plain import http
from tests.stack import Stack

MEGABYTE = 1024 * 1024
PIECE = b'"' + b"A" * (MEGABYTE - 2) + b'"'


def resident(stack: Stack) -> int:
    return int(psutil.Process(stack.of("gateway")[0].pid).memory_info().rss)


def endless(megabytes: int) -> Iterator[bytes]:
    yield b'{"frames":['
    for _ in range(megabytes):
        yield PIECE + b","


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/api/intelligent-analyze-script", "/api/generate-all-images"])
def test_300_megabytes_are_refused_without_being_held(stack: Stack, path: str, declared: bool) -> None:
    before = resident(stack)
    headers = {"Content-Type": "application/json"}
    if declared:
        headers["Content-Length"] = str(11 + 300 * (MEGABYTE + 1))
    answer = http.post(stack.gateway_url + path, content=endless(300), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (413, "请求体过大")
    held = 0 if declared else {"/api/generate-all-images": 230}.get(path, 40)
    assert resident(stack) - before < (held + 30) * MEGABYTE


@pytest.mark.parametrize("path", ["/api/intelligent-analyze-script", "/api/images", "/api/generate-image"])
@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"frame":' * 5000 + b"1" + b"}" * 5000])
def test_a_deep_body_is_refused(gateway: httpx.Client, path: str, text: bytes) -> None:
    answer = gateway.post(path, content=text, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (422, "请求参数无效: body: JSON嵌套超过100层")

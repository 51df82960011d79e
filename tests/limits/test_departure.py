"""SIGTERM with 500 open streams, and with readers who wait for one answer."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.plain import calling
from tests.stack import Stack
from tests.waiting import eventually

READERS = 500
STORY = '{"script": "雨夜，小满推开便利店的门。她看见老人抬起头来。", "sceneCount": 2}'.encode()


def opened(port: int, head: str, body: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    lines = f"{head} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(lines.encode() + body)
    return connection


def received(connection: socket.socket) -> bytes:
    whole = b""
    while piece := connection.recv(65_536):
        whole += piece
    return whole


def test_500_readers_are_told_to_come_back_and_the_process_leaves_in_time(own_stack: Stack) -> None:
    own_stack.settings |= {"SANDBOX_DEEPSEEK_SECONDS": "[300, 300]", "LLM_STEP_SECONDS": "300"}
    own_stack.start()
    port = own_stack.gateway_port
    first = opened(port, "POST /api/intelligent-analyze-script?stream=true", STORY)
    location = first.recv(4096).decode().lower().split("location: ")[1].split("\r\n")[0]
    readers = [first, *(opened(port, f"GET {location}") for _ in range(READERS))]
    heads = [reader.recv(15) for reader in readers[1:]]
    assert set(heads) == {b"HTTP/1.1 200 OK"}
    begun = time.monotonic()
    own_stack.of("gateway")[0].stop()
    assert time.monotonic() - begun < 10
    told = [received(reader) for reader in readers]
    for reader in readers:
        reader.close()
    assert sum(b": leaving" in text for text in told) == len(readers)


@pytest.mark.parametrize(
    ("service", "path", "body"),
    [
        ("gateway", "/api/intelligent-analyze-script", {"script": "雨夜，小满推开便利店的门。", "sceneCount": 1}),
        ("gateway", "/api/generate-all-images", {"frames": [{"sequence": 1, "prompt": "雨夜"}]}),
        ("gateway", "/api/generate-image", {"prompt": "雨夜"}),
        ("imagegen", "/api/generate-image", {"prompt": "雨夜"}),
    ],
)
def test_who_waits_for_an_answer_is_told_to_ask_again(
    own_stack: Stack, service: str, path: str, body: dict[str, object]
) -> None:
    own_stack.settings |= {"SANDBOX_DEEPSEEK_SECONDS": "[60, 60]", "SANDBOX_JIMENG_SECONDS": "[60, 60]"}
    own_stack.start()
    leaving, vendor = own_stack.of(service)[0], "deepseek" if "analyze" in path else "jimeng"
    with calling(leaving.url) as client, ThreadPoolExecutor(1) as elsewhere:
        waiting = elsewhere.submit(client.post, path, json=body)
        eventually(lambda: bool(own_stack.requests(vendor)), "the vendor was never asked")
        leaving.stop()
        answer = waiting.result()
    assert (answer.status_code, answer.json()["errorCode"]) == (503, "BACKEND_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 1

"""Callers that send slowly, without end, or nonsense."""

import json
import socket
import time

import pytest

from tests.plain import http
from tests.stack import Stack

HEAD = b"POST /api/intelligent-analyze-script HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def connected(stack: Stack) -> socket.socket:
    return socket.create_connection(("127.0.0.1", stack.gateway_port), timeout=15)


def answered(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """Status and error object of the answer, which must end with the connection's end."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("begun", [b"", b"POST /api", HEAD, b"\r\n"])
def test_a_head_that_never_ends_is_given_up(small: Stack, begun: bytes) -> None:
    with connected(small) as connection:
        connection.sendall(begun)
        status, error = answered(connection)
        assert (status, error["errorCode"]) == (408, "REQUEST_TIMEOUT")


def test_a_head_that_drips_is_given_up(small: Stack) -> None:
    with connected(small) as connection:
        connection.settimeout(0.1)
        begun = time.monotonic()
        while not ended(connection) and time.monotonic() - begun < 10:
            connection.sendall(b"G")
        assert time.monotonic() - begun < 10


def ended(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(65_536))
    except TimeoutError:
        return False


def test_a_body_that_never_comes_is_given_up(small: Stack) -> None:
    with connected(small) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        status, error = answered(connection)
        assert (status, error["errorCode"]) == (408, "REQUEST_TIMEOUT")


def test_slow_callers_keep_nobody_else_waiting(small: Stack) -> None:
    slow = [connected(small) for _ in range(300)]
    try:
        for connection in slow:
            connection.sendall(HEAD)
        assert http.get(f"{small.gateway_url}/livez").status_code == 200
        assert {answered(connection)[0] for connection in slow} == {408}
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("line", [b"X-Long: " + b"a" * 100_000 + b"\r\n", b"X-Many: a\r\n" * 10_000])
def test_a_head_without_measure_is_refused(small: Stack, line: bytes) -> None:
    with connected(small) as connection:
        connection.sendall(HEAD + line)
        status, error = answered(connection)
        assert (status, error["errorCode"]) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 100, b"{}\r\n\r\n"]
)
def test_what_is_not_http_gets_the_error_object(small: Stack, nonsense: bytes) -> None:
    with connected(small) as connection:
        connection.sendall(nonsense)
        status, error = answered(connection)
        assert (status, error["errorCode"]) == (400, "VALIDATION_ERROR")


def test_a_long_answer_is_not_cut_off_by_the_callers_silence(small: Stack) -> None:
    small.tune(deepseek_seconds=[1.2, 1.2])
    story = {"script": "雨夜，小满推开便利店的门。她看见老人抬起头来。", "sceneCount": 2}
    answer = http.post(f"{small.gateway_url}/api/intelligent-analyze-script", json=story, timeout=30)
    small.tune(deepseek_seconds=[0.01, 0.05])
    assert answer.status_code == 200

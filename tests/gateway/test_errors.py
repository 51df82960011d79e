"""The one error object (contract §2.1), on both services; limits, CORS and headers (§2.2, §2.5)."""

import re

import httpx
import pytest

from tests.stack import Stack

MEGABYTE = 1024 * 1024
JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=["gateway", "imagegen"])
def service(request: pytest.FixtureRequest, gateway: httpx.Client, imagegen: httpx.Client) -> httpx.Client:
    return gateway if request.param == "gateway" else imagegen


def check(answer: httpx.Response, status: int, text: str, code: str) -> None:
    told = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (answer.status_code, told["error"], told["errorCode"]) == (status, text, code)
    assert (told["success"], told["detail"]) == (False, text)
    assert told["requestId"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["timestamp"])
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


ORIGIN = {"Origin": "https://page.example"}
NOT_SERVED = ["/api/analyze-script", "/api/generate-first-image", "/api/regenerate-image", "/api/mock-x", "/api", "/x"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", NOT_SERVED)
def test_an_unknown_path(service: httpx.Client, method: str, path: str) -> None:
    check(service.request(method, path, headers=ORIGIN), 404, "Not Found", "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/generate-image", "POST"),
        ("PUT", "/api/images/jimeng_v4_x", "DELETE, GET"),
        ("POST", "/api/health", "GET"),
        ("PATCH", "/api/images", "POST"),
    ],
)
def test_a_wrong_method_names_the_right_ones(service: httpx.Client, method: str, path: str, allow: str) -> None:
    answer = service.request(method, path, headers=ORIGIN)
    check(answer, 405, "Method not allowed", "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == allow


GATEWAY_LIMITS = {
    "/api/intelligent-analyze-script": 4,
    "/api/generate-image": 10,
    "/api/generate-image-python": 10,
    "/api/images": 10,
    "/api/stream/generate-script": 1,
}


def padded(size: int) -> bytes:
    """A body of exactly so many bytes that is refused for what it lacks, not for its size."""
    return b'{"x":"' + b"A" * (size - 8) + b'"}'


def too_large(client: httpx.Client, path: str, limit: int) -> None:
    fits = client.post(path, content=padded(limit * MEGABYTE), headers=JSON)
    assert fits.status_code in {400, 422}, (path, fits.text)
    for content in (padded(limit * MEGABYTE + 1), iter([padded(limit * MEGABYTE + 1)])):
        check(client.post(path, content=content, headers=JSON | ORIGIN), 413, "请求体过大", "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(("path", "limit"), GATEWAY_LIMITS.items())
def test_the_gateway_s_limits(gateway: httpx.Client, path: str, limit: int) -> None:
    too_large(gateway, path, limit)


@pytest.mark.parametrize("path", ["/api/generate-image", "/api/images"])
def test_imagegen_s_limits(imagegen: httpx.Client, path: str) -> None:
    too_large(imagegen, path, 16)


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe\x00"])
def test_what_is_not_json_is_422(service: httpx.Client, body: bytes) -> None:
    answer = service.post("/api/generate-image", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")
    assert answer.json()["error"].startswith("请求参数无效: ")


def test_several_wrong_values_are_joined_and_listed(service: httpx.Client) -> None:
    answer = service.post("/api/generate-image", json={"prompt": 5, "config": "x"})
    told = answer.json()
    assert re.fullmatch(r"请求参数无效: prompt: [^;]+; config: [^;]+", told["error"])
    assert [item["loc"] for item in told["detail"]] == [["body", "prompt"], ["body", "config"]]
    assert [item["input"] for item in told["detail"]] == [5, "x"]


def test_a_huge_wrong_value_is_not_shown_back(service: httpx.Client) -> None:
    answer = service.post("/api/generate-image", json={"prompt": "x", "config": "A" * MEGABYTE})
    assert answer.status_code == 422
    assert len(answer.content) < 2000


def test_a_wrong_query_is_422(gateway: httpx.Client) -> None:
    answer = gateway.get("/api/stream/tasks", params={"limit": 1000})
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")
    assert answer.json()["error"].startswith("请求参数无效: limit: ")


def test_any_page_may_call_but_without_credentials(service: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-anything"}
    answer = service.options("/api/images/x", headers=ORIGIN | asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers
    exposed = service.get("/livez", headers=ORIGIN).headers["access-control-expose-headers"]
    assert {"Location", "Retry-After", "ETag"} <= set(exposed.split(", "))


def test_whoever_asks_for_a_problem_document_gets_one(service: httpx.Client) -> None:
    asked = {"Accept": "application/json;q=0.5, application/problem+json", "X-Request-ID": "problem-1"}
    answer = service.get("/api/images/jimeng_v4_nobody", headers=asked)
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], answer.status_code) == (404, 404)
    assert told["type"] == "urn:scripttoframe:error:IMAGE_NOT_FOUND"
    assert told["instance"] == "/api/images/jimeng_v4_nobody"
    assert told["detail"] == told["error"] == told["title"]
    assert (told["errorCode"], told["requestId"]) == ("IMAGE_NOT_FOUND", "problem-1")


def test_a_problem_document_keeps_the_list_of_wrong_values(service: httpx.Client) -> None:
    answer = service.post("/api/generate-image", json={"prompt": 5}, headers={"Accept": "application/problem+json"})
    told = answer.json()
    assert told["detail"] == told["error"]
    assert [item["loc"] for item in told["errors"]] == [["body", "prompt"]]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json;q=0"])
def test_all_others_get_the_contract_s_object(service: httpx.Client, accept: str) -> None:
    check(service.get("/x", headers=ORIGIN | {"Accept": accept}), 404, "Not Found", "NOT_FOUND")


def test_a_request_carries_its_id_through_both_services(gateway: httpx.Client, stack: Stack) -> None:
    answer = gateway.post("/api/generate-image", json={"prompt": "跟踪"}, headers={"X-Request-ID": "trace-me-1"})
    assert answer.headers["x-request-id"] == "trace-me-1"
    assert '"request_id":"trace-me-1"' in stack.of("imagegen")[0].log.read_text()
    odd = gateway.get("/livez", headers={"X-Request-ID": 'a"b c'})
    assert re.fullmatch(r"[0-9a-f]{32}", odd.headers["x-request-id"])


def test_no_key_and_no_picture_is_ever_logged(stack: Stack) -> None:
    for service in ("gateway", "imagegen"):
        for process in stack.of(service):
            log = process.log.read_text()
            assert "sandbox-secret" not in log
            assert "sk-sandbox" not in log
            assert "AAAAAAAAAAAAAAAAAAAAAAAA" not in log
            assert "Traceback" not in log, log[log.index("Traceback") :][:3000]

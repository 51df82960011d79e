"""Hostile requests, each with the status that the contract gives it."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

A1 = "/api/intelligent-analyze-script"
A2 = "/api/generate-image"
A3 = "/api/generate-all-images"
B1 = "/api/stream/generate-script"
N1 = "/api/images"
TICKETS = "/api/tickets"
JSON_TYPE = {"Content-Type": "application/json"}
STORY = "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。"

SCRIPT = {"genre": "都市", "duration": "1分钟", "episodes": 1, "characters": ["小满 女 20"]}
WRONG_TYPES: list[Any] = [[], {}, True, 1.5, ["a"], {"a": 1}]
BAD_TEXTS = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"{",
    b"}",
    b'{"a"',
    b'{"script": "a", }',
    b"{'script': 'a'}",
    b'{"script": NaN}',
    b"\xff\xfe{\x00}\x00",
    b'{"script": "\xc3\x28", "sceneCount": 3}',
    b'{"script": "\xed\xa0\x80", "sceneCount": 3}',
    b'{"script": "a\x00b", "sceneCount": 3}',
    b"<xml/>",
    b"script=a&sceneCount=3",
    b"PK\x03\x04\x14\x00",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
]
IDS = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a%00b",
    "%ff%fe",
    "x" * 5000,
    "'%20OR%201=1--",
    "*",
    "%25",
    "jimeng_v4_",
    "jimeng_v4_%2e%2e%2f",
    "%F0%9F%92%A9",
    "C:%5Cwindows",
    "%0d%0aSet-Cookie:%20a=b",
    "{{7*7}}",
    "$&",
    "null",
    "-1",
    "00000000-0000-4000-8000-000000000000",
]
# A moment with an id that holds a NUL; the first and the last moments there are.
NUL_CURSORS = [
    base64.urlsafe_b64encode(text.encode()).decode()
    for text in (
        "2026-11-21T22:00:00+00:00|a\x00b",
        "0001-01-01T00:00:00+14:00|a",
        "9999-12-31T23:59:59.999999-14:00|a",
        "2026-11-21|a",
    )
]
URLS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:5432/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "http://[::1]:8081/api/health",
    "http://0x7f000001/",
    "//localhost/",
]
ODD_TEXTS = [
    "$&$1$`$'",
    "{{script}}{{scene_count}}{{style}}",
    "{0}{script}%s%(script)s${script}",
    "\u0000NUL\u0000",
    "\u202egnp.exe",
    "\ud800 lone",
    "'; DROP TABLE task; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\r\nX-Injected: yes\r\n\r\n",
    "data: x\n\nevent: complete\ndata: {}\n\n",
    "\u2028\u2029\u0085",
    "💩" * 500,
    "﷽" * 200,
]


@dataclass(frozen=True, slots=True)
class Attack:
    """A request and the statuses that are right for it."""

    name: str
    method: str
    path: str
    statuses: frozenset[int]
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def _posted(name: str, path: str, value: Any, *statuses: int) -> Attack:
    return Attack(name, "POST", path, frozenset(statuses), json.dumps(value).encode(), JSON_TYPE)


def _wrong_types() -> Iterator[Attack]:
    for value in WRONG_TYPES:
        said = json.dumps(value)
        yield _posted(f"A1 script {said}", A1, {"script": value, "sceneCount": 3}, 400, 422)
        yield _posted(f"A1 style {said}", A1, {"script": STORY, "sceneCount": 3, "style": value}, 422)
        yield _posted(f"A2 prompt {said}", A2, {"prompt": value}, 400, 422)
        if value not in ([], ["a"]):
            yield _posted(f"B1 characters {said}", B1, SCRIPT | {"characters": value}, 422)
        yield _posted(f"ticket {said}", TICKETS, {"task_id": value}, 422)
    for count in (0, -1, 101, 10**30, 1.5, "a", "1e2", " ", None, True, "9" * 5000):
        yield _posted(f"A1 sceneCount {str(count)[:20]}", A1, {"script": STORY, "sceneCount": count}, 400, 422)
    for episodes in (0, -1, 101, 10**30, "a", None, 1.5):
        yield _posted(f"B1 episodes {str(episodes)[:20]}", B1, SCRIPT | {"episodes": episodes}, 422)
    for frame in ("text", 7, ["a"], True):
        yield _posted(f"N1 frame {frame}", N1, {"prompt": "a", "frame": frame}, 422)
    for path in ("status", "result"):
        yield _posted(f"RunningHub {path} NUL", f"/api/runninghub/task-{path}", {"task_id": "1\x002"}, 422)
    for provider in ("", "midjourney", 7, None, ["jimeng"]):
        yield _posted(f"N1 provider {provider}", N1, {"prompt": "a", "provider": provider}, 422)


def _bad_bodies() -> Iterator[Attack]:
    for path in (A1, A2, N1):
        for text in BAD_TEXTS:
            yield Attack(f"{path} {text[:24]!r}", "POST", path, frozenset({400, 422}), text, JSON_TYPE)
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json", ";"):
        content = json.dumps({"script": STORY, "sceneCount": 2}).encode()
        headers = {"Content-Type": kind}
        yield Attack(f"A1 as {kind!r}", "POST", A1, frozenset({400, 422}), content, headers)
    yield Attack(
        "A1 squeezed", "POST", A1, frozenset({400, 422}), BAD_TEXTS[-1], JSON_TYPE | {"Content-Encoding": "gzip"}
    )
    deep = b"[" * 50_000
    yield Attack("A1 deep", "POST", A1, frozenset({422}), deep, JSON_TYPE)
    yield Attack("A1 large", "POST", A1, frozenset({413}), b"[" + b" " * 4_194_305, JSON_TYPE)
    twice = b'{"script":"a","script":7,"sceneCount":3}'
    yield Attack("A1 the same key twice", "POST", A1, frozenset({422}), twice, JSON_TYPE)
    for key in ("", "k" * 256):
        content = json.dumps({"prompt": "a"}).encode()
        yield Attack(
            f"N1 key of {len(key)}", "POST", N1, frozenset({422}), content, JSON_TYPE | {"Idempotency-Key": key}
        )


def _odd_ids() -> Iterator[Attack]:
    lost = frozenset({404, 405})
    for given in IDS:
        yield Attack(f"task {given[:24]}", "GET", f"/api/stream/tasks/{given}", lost)
        yield Attack(f"events {given[:24]}", "GET", f"/api/stream/tasks/{given}/events", lost)
        yield Attack(f"cancel {given[:24]}", "DELETE", f"/api/stream/cancel/{given}", lost)
        yield Attack(f"image {given[:24]}", "GET", f"/api/images/{given}", lost)
        yield Attack(f"content {given[:24]}", "GET", f"/api/images/{given}/content", lost)
        if given != "..":
            yield Attack(f"page {given[:24]}", "GET", f"/web/{given}", lost)
    for cursor in ("%00", "AAAA", "9" * 3000, "MjAyNnw", "%F0%9F%92%A9", "MjAyNi0xMS0yMVQyMjowMDowMHw=", *NUL_CURSORS):
        yield Attack(f"cursor {cursor[-28:]}", "GET", f"/api/stream/tasks?cursor={cursor}", frozenset({200}))
    for query in ("limit=0", "limit=101", "limit=a", "status=x", "task_type=../x", "limit=1e9"):
        yield Attack(f"list {query}", "GET", f"/api/stream/tasks?{query}", frozenset({422}))
    for method in ("TRACE", "PUT", "PATCH", "PROPFIND"):
        yield Attack(f"{method} A1", method, A1, frozenset({405}))


def refused() -> list[Attack]:
    """What must be answered with an error object and must start nothing."""
    return [*_wrong_types(), *_bad_bodies(), *_odd_ids()]


def accepted() -> list[Attack]:
    """What is odd but right, and must come back as it was sent."""
    attacks = [_posted(f"A2 {text[:16]!r}", A2, {"prompt": f"灯塔{text}"}, 200, 400, 500) for text in ODD_TEXTS]
    for url in URLS:
        form = {
            "prompt": f"灯塔 {url}",
            "api_url": url,
            "api_key": "sk-theirs",
            "frame": {"imageUrl": url, "prompt": url},
        }
        attacks.append(_posted(f"A2 leads to {url}", A2, form, 200, 400, 500))
    return attacks

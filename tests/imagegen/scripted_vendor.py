"""A Volcengine that answers what a test has written down, byte by byte: for shapes that the sandbox never sends."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

SUBMIT, QUERY = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def told(data: Any = None, code: Any = 10000, message: Any = "Success", status: int = 200) -> Answer:
    """The flat envelope."""
    return Answer(json.dumps({"code": code, "message": message, "data": data}).encode(), status)


def raw(answer: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(answer).encode(), status)


ACCEPTED = told({"task_id": "7392616336519610409"})


class ScriptedVendor:
    """`submit` and `query` are said in turn, the last one again and again; `files` are its pictures."""

    def __init__(self) -> None:
        self.submit: deque[Answer] = deque()
        self.query: deque[Answer] = deque()
        self.files: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._server = _Server(self)

    def forget(self) -> None:
        self.submit = deque([ACCEPTED])
        self.query = deque([told({"status": "generating"})])
        self.files = {}
        self.asked = []

    def says(self, *query: Answer, submit: Answer = ACCEPTED) -> None:
        self.submit, self.query = deque([submit]), deque(query)

    def shows(self, path: str, answer: Answer) -> str:
        """The URL of a file."""
        self.files[path] = answer
        return f"{self.url}{path}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "ScriptedVendor":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, action: str, body: bytes) -> Answer:
        self.asked.append((action, json.loads(body)))
        script = self.submit if action == SUBMIT else self.query
        return script.popleft() if len(script) > 1 else script[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, vendor: ScriptedVendor) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vendor = vendor


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        action = parse_qs(urlsplit(self.path).query).get("Action", [""])[0]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._send(cast(_Server, self.server).vendor.answer(action, body))

    def do_GET(self) -> None:
        self._send(cast(_Server, self.server).vendor.files.get(self.path, Answer(b"gone", 404)))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_args: object) -> None:
        """Silent."""

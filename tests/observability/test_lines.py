"""What an operator reads: lines for people or machines, one per call and per ending; none holds up the service."""

import json
import logging
import re
import subprocess
import sys
import threading
import time
from typing import Any

import httpx
import pytest

from shared.telemetry import output
from shared.telemetry.logs import JsonLines, Lines
from shared.telemetry.output import Unhurried
from tests.plain import calling, http
from tests.stack import Process, Stack
from tests.waiting import eventually

SCRIPT = {"genre": "都市职场", "duration": "1分钟", "episodes": 1, "characters": ["张明,男,28"]}
FRAMES = {"frames": [{"sequence": 1, "prompt": "雨夜"}, {"sequence": 2, "prompt": "山谷"}]}


def events(process: Process, name: str) -> list[dict[str, Any]]:
    """The data of all lines of that name."""
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    return [line["data"] | {"request_id": line["request_id"]} for line in lines if line["event"] == name]


def ending(process: Process, kind: str) -> dict[str, Any]:
    """The data of the only ending of a task of this kind."""
    eventually(lambda: any(e["kind"] == kind for e in events(process, "task.ended")), f"no {kind} has ended")
    [told] = [e for e in events(process, "task.ended") if e["kind"] == kind]
    [accepted] = [e for e in events(process, "task.accepted") if e["kind"] == kind]
    assert accepted["task_id"] == told["task_id"]
    return told


def test_every_task_is_told_when_it_is_accepted_and_when_it_has_ended(own_stack: Stack) -> None:
    own_stack.start()
    [gateway], [imagegen] = own_stack.of("gateway"), own_stack.of("imagegen")
    with calling(gateway.url) as client:
        story = {"script": "守塔人点亮了灯。", "sceneCount": 1}
        client.post("/api/intelligent-analyze-script", json=story).raise_for_status()
        analysis = ending(gateway, "intelligent_analysis")
        assert analysis["status"] == "completed"
        assert analysis["seconds"] > 0
        assert analysis["tokens"]["output"] > 0
        client.post("/api/stream/generate-script", json=SCRIPT).raise_for_status()
        assert ending(gateway, "script_generation")["tokens"]["output"] > 0
        own_stack.fault(vendor="jimeng", kind="code", value=50413, call="submit")
        client.post("/api/generate-all-images", json=FRAMES).raise_for_status()
        batch = ending(gateway, "batch_images")
        assert batch["pictures"] + batch["failed"] == 2
    eventually(lambda: len(events(imagegen, "task.ended")) == 2, "a picture has no ending")
    endings = events(imagegen, "task.ended")
    assert sum(e["pictures"] for e in endings) == batch["pictures"]
    assert [e["reason"] for e in endings if e["failed"]] == ["CONTENT_REFUSED"] * batch["failed"]


def test_a_cancelled_task_is_told_as_cancelled(own_stack: Stack) -> None:
    own_stack.start()
    [gateway] = own_stack.of("gateway")
    with calling(gateway.url) as client:
        with client.stream("POST", "/api/stream/generate-script", json=SCRIPT) as answer:
            task_id = answer.headers["location"].split("/")[-2]
            client.delete(f"/api/stream/cancel/{task_id}").raise_for_status()
        told = ending(gateway, "script_generation")
    assert (told["status"], told["reason"]) == ("canceled", "CANCELED")


def test_every_call_has_its_line_and_probes_have_none(own_stack: Stack) -> None:
    gateway = own_stack.add("gateway").start()
    answer = http.get(f"{gateway.url}/api/stream/tasks/unknown?ticket=abc.def")
    http.get(f"{gateway.url}/livez")
    eventually(lambda: bool(events(gateway, "http.answered")), "the call has no line")
    [line] = events(gateway, "http.answered")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/stream/tasks/unknown", 404)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "abc.def" not in gateway.log.read_text()


@pytest.mark.parametrize("told", ["text", "json", "auto"])
def test_lines_are_for_people_where_they_are_wanted(own_stack: Stack, told: str) -> None:
    gateway = own_stack.add("gateway", LOG_FORMAT=told).start()
    first = gateway.log.read_text().splitlines()[0]
    if told == "text":
        assert re.fullmatch(r"\d\d:\d\d:\d\d INFO +gateway \S.*", first)
    else:
        assert json.loads(first)["service"] == "gateway"


def test_a_line_for_people_is_one_line_without_secrets_and_ends_with_its_traceback() -> None:
    record = logging.makeLogRecord(
        {"msg": "task.ended", "levelname": "INFO", "task_id": "7", "error": "a\nb", "api_key": "sk-1", "none": None}
    )
    line = Lines("gateway").format(record)
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO +gateway task.ended task_id=7 error=a b api_key=\*\*\*", line)


def test_an_output_that_nobody_reads_holds_up_nobody(own_stack: Stack) -> None:
    process = own_stack.add("gateway")
    command = [sys.executable, "-m", "gateway"]
    stuck = subprocess.Popen(command, env=process.environment, cwd=own_stack.folder, stdout=subprocess.PIPE)
    try:
        with httpx.Client(base_url=process.url, timeout=20, trust_env=False) as client:
            eventually(lambda: _ready(client), "it does not start", 60)
            for _ in range(600):
                assert client.get("/api/no-such-path-that-has-a-rather-long-name").status_code == 404
            assert client.get("/livez").status_code == 200
        begun = time.monotonic()
        stuck.terminate()
        stuck.wait(40)
        assert time.monotonic() - begun < 40
    finally:
        stuck.kill()
        assert stuck.stdout
        with stuck.stdout:
            read = stuck.stdout.read()
        stuck.wait()
    assert 0 < len(read) <= 1_000_000


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


class Gate(logging.Handler):
    """An output that writes only while it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.open.wait()
        self.lines.append(json.loads(self.format(record)))


def test_lines_without_room_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "MOST_LINES", 10)
    gate = Gate()
    handler = Unhurried(gate, JsonLines("gateway"))
    for number in range(100):
        handler.handle(logging.makeLogRecord({"msg": f"line-{number}", "levelname": "INFO"}))
    gate.open.set()
    handler.flush()
    handler.handle(logging.makeLogRecord({"msg": "later", "levelname": "INFO"}))
    handler.flush()
    written = [line["event"] for line in gate.lines if line["event"].startswith("line-")]
    assert written == [f"line-{number}" for number in range(len(written))]
    assert [line["event"] for line in gate.lines[-2:]] == ["logs.dropped", "later"]
    assert gate.lines[-2]["data"]["lines"] == 100 - len(written)

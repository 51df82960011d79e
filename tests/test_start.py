"""What stands in the way of a start is one sentence that names the setting; the traceback is for debug."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.web.start import START_FAILED
from tests.stack import ROOT, Stack


def started(stack: Stack, service: str = "gateway", **settings: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the log of a service that cannot start."""
    environment = stack.environment(**settings)
    command = [sys.executable, "-m", service]
    ended = subprocess.run(command, cwd=stack.folder, env=environment, capture_output=True, timeout=60, check=False)
    assert ended.stderr == b""
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


def reason(lines: list[dict[str, Any]]) -> str:
    failures = [line["data"]["reason"] for line in lines if line["event"] == "startup.failed"]
    assert len(failures) == 1
    assert not any("Traceback" in json.dumps(line) for line in lines)
    return str(failures[0])


WRONG = {
    "a number": ({"APP_PORT": "eighty"}, "APP_PORT: "),
    "a number out of bounds": ({"RETENTION_DAYS": "-1"}, "RETENTION_DAYS: "),
    "keys without a key": ({"GATEWAY_API_KEYS": "team:, :"}, "GATEWAY_API_KEYS: "),
    "a proxy": ({"OUTBOUND_PROXY": "socks5://u:p4ssw0rd@127.0.0.1:7890"}, "OUTBOUND_PROXY: must look like http://"),
    "a database's address": ({"DATABASE_URL": "db.example:5432"}, "DATABASE_URL: "),
    "an option of the address": ({"DATABASE_URL": "postgresql://localhost/x?no_such=1"}, "DATABASE_URL: "),
    "a database's host": ({"DATABASE_URL": "postgresql://u:p4ssw0rd@no-such-host.invalid/x"}, "DATABASE_URL: "),
    "a database that is not there": ({"DATABASE_URL": "postgresql://u:p4ssw0rd@127.0.0.1:1/x"}, "DATABASE_URL: "),
    "an address to listen at": ({"APP_HOST": "203.0.113.1"}, "APP_HOST, APP_PORT: "),
}


@pytest.mark.parametrize(("settings", "begin"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_named(own_stack: Stack, settings: dict[str, str], begin: str) -> None:
    code, lines = started(own_stack, **settings)
    assert code == START_FAILED
    told = reason(lines)
    assert told.startswith(begin)
    assert "\n" not in told
    assert len(told) < 300
    assert "p4ssw0rd" not in json.dumps(lines)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("VOLCENGINE_ACCESS_KEY_ID", "VOLCENGINE_SECRET_ACCESS_KEY"),
        ("VOLCENGINE_SECRET_ACCESS_KEY", "VOLCENGINE_ACCESS_KEY_ID"),
    ],
)
def test_half_a_pair_of_keys_names_the_missing_half(own_stack: Stack, given: str, missing: str) -> None:
    code, lines = started(own_stack, "imagegen", **{given: "AKLThalf0000"})
    assert code == START_FAILED
    assert reason(lines) == f"{missing}: is missing although {given} is set, and one needs the other"
    assert "AKLThalf0000" not in json.dumps(lines)


def test_a_port_that_is_taken_is_named(own_stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, lines = started(own_stack, "imagegen", PORT=port)
    assert code == START_FAILED
    assert reason(lines) == f"HOST, PORT: cannot listen at 127.0.0.1:{port}: Address already in use"


def test_a_data_folder_that_cannot_be_made_is_named(own_stack: Stack) -> None:
    (own_stack.folder / "file").write_text("")
    code, lines = started(own_stack, DATA_DIR=str(own_stack.folder / "file" / "data"))
    assert code == START_FAILED
    assert reason(lines).startswith("DATA_DIR: ")


def test_who_asks_for_debug_lines_gets_the_traceback(own_stack: Stack) -> None:
    _, lines = started(own_stack, DATABASE_URL="postgresql://127.0.0.1:1/x", LOG_LEVEL="debug")
    assert any("engine.py" in line["data"].get("exception", "") for line in lines)


def test_make_run_says_which_setting_is_wrong(own_stack: Stack) -> None:
    environment = own_stack.environment(PORT="x")
    command = [sys.executable, str(ROOT / "run.py")]
    ended = subprocess.run(command, cwd=own_stack.folder, env=environment, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.decode().startswith("It cannot start. PORT: ")


def test_a_log_file_that_cannot_be_written_is_one_warning(own_stack: Stack) -> None:
    (own_stack.folder / "file").write_text("")
    gateway = own_stack.add("gateway", LOG_FILE=str(own_stack.folder / "file" / "a.log")).start()
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines()]
    assert [line["data"]["setting"] for line in lines if line["event"] == "logs.no_file"] == ["LOG_FILE"]


def test_the_folder_of_a_log_file_is_made(own_stack: Stack) -> None:
    path = own_stack.folder / "logs" / "deep" / "gateway.log"
    own_stack.add("gateway", LOG_FILE=str(path)).start()
    own_stack.stop()
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert "database.ready" in events


REAL = {"DEEPSEEK_API_KEY": "sk-real-one-0123"}


@pytest.mark.parametrize(
    ("settings", "warned"), [({}, False), (REAL, True), (REAL | {"GATEWAY_API_KEYS": "key-1"}, False)]
)
def test_open_access_to_real_vendors_is_warned_of(own_stack: Stack, settings: dict[str, str], warned: bool) -> None:
    gateway = own_stack.add("gateway", None, **settings).start()
    assert ('"access.open"' in gateway.log.read_text()) is warned


def test_a_background_loop_that_ends_takes_the_process_with_it(tmp_path: Path) -> None:
    code = """
import asyncio
from shared.concurrency import forever
from shared.telemetry import logs

async def broken():
    raise KeyError("gone")

async def main():
    async with forever(broken(), "sweep"):
        await asyncio.Event().wait()

logs.configure("gateway", logs.LogSettings())
asyncio.run(main())
"""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60, check=False)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["event"], told["data"]["loop"]) == (71, "background.ended", "sweep")
    assert "KeyError" in told["data"]["exception"]

"""A killed sandbox comes back with its vendor tasks, its counts and its clock."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.control.journal import Journal
from tests.sandbox.calling import ControlCaller, HubCaller, JimengCaller
from tests.stack import free_port

pytestmark = pytest.mark.anyio


@contextmanager
def process(port: int, data_dir: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {"PATH": os.defpath, "SANDBOX_PORT": str(port), "DATA_DIR": str(data_dir), **settings}
    command = [sys.executable, "-m", "sandbox"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


async def answering(http: httpx.AsyncClient) -> None:
    transport = httpx.AsyncHTTPTransport(retries=8)
    async with httpx.AsyncClient(base_url=http.base_url, transport=transport) as patient:
        assert (await patient.get("/_health")).json()["status"] == "ok"


async def test_tasks_and_counts_survive_kill_9(tmp_path: Path) -> None:
    port = free_port()
    slow = {"SANDBOX_JIMENG_SECONDS": "[100,100]", "SANDBOX_RUNNINGHUB_SECONDS": "[100,100]", "SANDBOX_PAINT": "plain"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as http:
        jimeng, hub, control = JimengCaller(http), HubCaller(http), ControlCaller(http)
        with process(port, tmp_path, **slow) as first:
            await answering(http)
            await control.advance(1000)
            ids = [await jimeng.task(f"第{n}张") for n in range(2)]
            hub_id = await hub.task()
            first.send_signal(signal.SIGKILL)
            first.wait()
        with process(port, tmp_path, **slow):
            await answering(http)
            assert (await jimeng.submit("一张太多")).json()["code"] == 50430
            book = await control.ledger("jimeng")
            assert (book["submissions"], book["max_in_flight"]) == ({"第0张": 1, "第1张": 1}, 2)
            await control.advance(101)
            states = [(await jimeng.result(task)).json()["data"]["status"] for task in ids]
            assert states == ["done", "done"]
            assert (await hub.call("status", taskId=hub_id))["data"] == "SUCCESS"
            assert await jimeng.task("新的") not in ids


async def test_ctrl_c_ends_the_process_and_frees_the_port(tmp_path: Path) -> None:
    port = free_port()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as http:
        with process(port, tmp_path) as running:
            await answering(http)
            assert running.stdout is not None
            assert f"http://127.0.0.1:{port}" in running.stdout.readline()
            running.send_signal(signal.SIGINT)
            _, complaints = running.communicate(timeout=10)
            assert (running.returncode, complaints) == (0, "")
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_line_cut_off_by_a_kill_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_bytes(b'{"what":"clock","advance":5}\n{"what":"jim')
    journal = Journal(file)
    assert journal.load() == [{"what": "clock", "advance": 5}]
    assert file.read_bytes().endswith(b"5}\n")
    journal.close()


@pytest.mark.parametrize("path", ["/?Action=CVSync2AsyncSubmitTask", "/chat/completions", "/v1/messages"])
async def test_who_leaves_in_the_middle_of_a_question_fills_no_log(tmp_path: Path, path: str) -> None:
    port = free_port()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as http:
        with process(port, tmp_path) as running:
            await answering(http)
            with socket.create_connection(("127.0.0.1", port)) as leaving:
                leaving.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
            await answering(http)
            running.send_signal(signal.SIGTERM)
            assert "Traceback" not in running.communicate()[1]

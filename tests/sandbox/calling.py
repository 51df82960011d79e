"""A sandbox on a real socket in its own thread, and callers that speak to it as the real clients do."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from volcengine.auth.SignerV4 import SignerV4
from volcengine.base.Request import Request
from volcengine.Credentials import Credentials

from sandbox.control.app import create_app
from sandbox.control.keys import JIMENG_ACCESS_KEY, JIMENG_SECRET_KEY, RUNNINGHUB_KEY
from sandbox.control.settings import SandboxSettings

SUBMIT, RESULT = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"


def quick_settings(data_dir: Path, **changes: Any) -> SandboxSettings:
    """Tasks end at once and pictures cost nothing, unless a test wants otherwise."""
    quick: dict[str, Any] = {
        "data_dir": data_dir,
        "jimeng_seconds": (0, 0),
        "jimeng_qps": 0,
        "runninghub_seconds": (0, 0),
        "runninghub_outputs_lag": 0,
        "deepseek_seconds": (0, 0),
        "claude_deltas_per_second": 0,
        "paint": "plain",
    }
    return SandboxSettings(_env_file=None, **{**quick, **changes})


@contextmanager
def running(settings: SandboxSettings) -> Iterator[str]:
    """The address of a sandbox; it listens before its thread starts, so nobody has to wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class JimengCaller:
    """Signs with the vendor's own signer and sends exactly the signed bytes."""

    http: httpx.AsyncClient
    key: str = JIMENG_ACCESS_KEY
    secret: str = JIMENG_SECRET_KEY

    def signed(self, action: str, body: bytes, version: str = "2022-08-31") -> httpx.Request:
        request = Request()
        url = self.http.base_url
        request.set_schema("http")
        request.set_method("POST")
        request.set_host(f"{url.host}:{url.port}")
        request.set_path("/")
        request.set_query({"Action": action, "Version": version})
        request.set_headers({"Host": f"{url.host}:{url.port}", "Content-Type": "application/json"})
        request.body = body
        SignerV4.sign(request, Credentials(self.key, self.secret, "cv", "cn-north-1"))
        return self.http.build_request("POST", "/", params=request.query, headers=request.headers, content=body)

    async def call(self, action: str, **fields: Any) -> httpx.Response:
        body = json.dumps({"req_key": "jimeng_t2i_v40", **fields}).encode()
        return await self.http.send(self.signed(action, body))

    async def submit(self, prompt: str = "雨夜", **fields: Any) -> httpx.Response:
        return await self.call(SUBMIT, prompt=prompt, **fields)

    async def result(self, task_id: str, **fields: Any) -> httpx.Response:
        return await self.call(RESULT, task_id=task_id, **fields)

    async def task(self, prompt: str = "雨夜", **fields: Any) -> str:
        """The id of an accepted task."""
        answer = (await self.submit(prompt, **fields)).json()
        assert answer["code"] == 10000, answer
        return str(answer["data"]["task_id"])


@dataclass
class HubCaller:
    http: httpx.AsyncClient
    key: str = RUNNINGHUB_KEY

    async def call(self, name: str, **fields: Any) -> dict[str, Any]:
        response = await self.http.post(f"/task/openapi/{name}", json={"apiKey": self.key, **fields})
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def create(self, prompt: str = "雨夜", **fields: Any) -> dict[str, Any]:
        nodes = [{"nodeId": "6", "fieldName": "text", "fieldValue": prompt}]
        return await self.call("create", **{"workflowId": "1904136902449209346", "nodeInfoList": nodes, **fields})

    async def task(self, prompt: str = "雨夜", **fields: Any) -> str:
        answer = await self.create(prompt, **fields)
        assert answer["code"] == 0, answer
        return str(answer["data"]["taskId"])


@dataclass
class ControlCaller:
    http: httpx.AsyncClient

    async def fault(self, vendor: str, kind: str, **more: Any) -> None:
        answer = await self.http.post("/_faults", json={"vendor": vendor, "kind": kind, **more})
        assert answer.status_code == 200, answer.text

    async def set(self, **settings: Any) -> None:
        answer = await self.http.post("/_settings", json=settings)
        assert answer.status_code == 200, answer.text

    async def advance(self, seconds: float) -> None:
        (await self.http.post("/_clock", json={"advance": seconds})).raise_for_status()

    async def ledger(self, vendor: str) -> dict[str, Any]:
        books = (await self.http.get("/_ledger")).json()["vendors"]
        book: dict[str, Any] = books[vendor]
        return book


async def together(*calls: Any) -> list[Any]:
    return list(await asyncio.gather(*calls))

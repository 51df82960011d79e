"""RunningHub's legacy task API: create, status, outputs, cancel, account. Business errors come with HTTP 200."""

import asyncio

import httpx
import orjson
from fastapi import APIRouter, Request
from pydantic import JsonValue
from starlette.responses import Response

from sandbox.control.keys import RUNNINGHUB_KEY
from sandbox.control.state import SandboxState
from sandbox.faults.generic import instead, spoiled
from sandbox.faults.model import Fault
from sandbox.painter.gallery import FILE, Gallery
from sandbox.runninghub.tasks import VENDOR, HubTask, HubTasks
from sandbox.runninghub.wire import (
    FAILED,
    NOT_FOUND,
    QUEUED,
    RUNNING,
    RefusedError,
    as_body,
    envelope,
    parse,
    parse_create,
    parse_task_id,
    prompt_tips,
)

CALLS = frozenset({"create", "status", "outputs", "cancel"})
KINDS = {
    **dict.fromkeys(("empty_outputs", "null_data"), "outputs"),
    **dict.fromkeys(("numeric_id", "data_string_id", "top_level_id", "node_errors"), "create"),
    "status_object": "status",
}
WEBHOOK_TRIES = 3


def router(state: SandboxState, gallery: Gallery, tasks: HubTasks) -> APIRouter:
    state.faults.learn(VENDOR, frozenset(KINDS), CALLS | {FILE}, KINDS)
    desk = Desk(state, gallery, tasks)
    routes = APIRouter(tags=[VENDOR])

    @routes.post("/task/openapi/{call}")
    async def task_api(call: str, request: Request) -> Response:
        """Any other path is "TOKEN_INVALID", which says that the path is misspelt, not that the key is bad."""
        return await desk.serve(call, request) if call in CALLS else envelope(412)

    @routes.api_route("/task/openapi/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def misspelt(path: str) -> Response:
        return envelope(412)

    @routes.post("/uc/openapi/accountStatus")
    async def account(request: Request) -> Response:
        return desk.account(await request.body())

    return routes


class Desk:
    """Answers the four calls."""

    def __init__(self, state: SandboxState, gallery: Gallery, tasks: HubTasks) -> None:
        self._state, self._gallery, self._tasks = state, gallery, tasks
        self._webhooks: set[asyncio.Task[None]] = set()

    async def serve(self, call: str, request: Request) -> Response:
        raw = await request.body()
        try:
            body = parse(raw)
        except RefusedError as refusal:
            return envelope(refusal.code)
        prompt = self._prompt(call, body)
        self._record(call, prompt, request, body)
        denied = _denied(request, body)
        if denied is not None:
            return denied
        fault = self._state.faults.take(VENDOR, call, prompt)
        early = _code(fault) or instead(fault, _status)
        if early is not None:
            return early
        try:
            return spoiled(fault, await self._answer(call, body, request, fault))
        except RefusedError as refused:
            return spoiled(fault, envelope(refused.code, message=refused.message))

    def account(self, raw: bytes) -> Response:
        """The one call that spells its key in lower case."""
        key = parse(raw).get("apikey") if raw[:1] == b"{" else None
        if not key:
            return envelope(1601)
        if key != RUNNINGHUB_KEY:
            return envelope(802)
        counts = {"currentTaskCounts": str(self._tasks.running_tasks()), "remainCoins": "99999", "remainMoney": None}
        return envelope(0, {**counts, "currency": None, "apiType": "NORMAL"})

    async def _answer(self, call: str, body: dict[str, JsonValue], request: Request, fault: Fault | None) -> Response:
        if call == "create":
            return await self._create(body, request, fault)
        task = self._tasks.find(parse_task_id(body))
        match call:
            case "status":
                state = self._tasks.status(task)
                return envelope(0, {"taskStatus": state} if _is(fault, "status_object") else state)
            case "cancel":
                await self._tasks.cancel(task)
                return envelope(0)
        return await self._outputs(task, str(request.base_url), fault)

    async def _create(self, body: dict[str, JsonValue], request: Request, fault: Fault | None) -> Response:
        create, nodes = parse_create(body)
        task = await self._tasks.accept(create, nodes)
        self._gallery.start(task.order)
        if create.webhook_url:
            self._announce(task, create.webhook_url, str(request.base_url))
        return _created(task, fault, self._tasks.status(task))

    async def _outputs(self, task: HubTask, base_url: str, fault: Fault | None) -> Response:
        code, data = self._outputs_of(task, base_url, fault)
        painted = code != 0 or await self._gallery.ready(task.order)
        return envelope(code, data) if painted else envelope(RUNNING)

    def _outputs_of(self, task: HubTask, base_url: str, fault: Fault | None) -> tuple[int, object]:
        if _is(fault, "null_data"):
            return 0, None
        if _is(fault, "empty_outputs"):
            return 0, []
        state = self._tasks.status(task)
        if state == "FAILED":
            return FAILED, _failure(task)
        if state == "QUEUED":
            return QUEUED, None
        if state == "RUNNING" or self._tasks.outputs_late(task):
            return RUNNING, None
        return 0, [_file(task, base_url)]

    def _announce(self, task: HubTask, url: str, base_url: str) -> None:
        webhook = asyncio.create_task(self._webhook(task, url, base_url))
        self._webhooks.add(webhook)
        webhook.add_done_callback(self._webhooks.discard)

    async def _webhook(self, task: HubTask, url: str, base_url: str) -> None:
        await asyncio.sleep(max(0.0, task.ends_at - self._state.clock()) + self._state.settings.runninghub_outputs_lag)
        code, data = self._outputs_of(self._tasks.find(task.task_id), base_url, None)
        event_data = orjson.dumps(as_body(code, data)).decode()
        event = {"event": "TASK_END", "taskId": task.task_id, "eventData": event_data}
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            for _ in range(WEBHOOK_TRIES):
                if await _delivered(client, url, event):
                    return

    def _prompt(self, call: str, body: dict[str, JsonValue]) -> str:
        try:
            if call == "create":
                return "\n".join(node.field_value for node in parse_create(body)[1])
            return self._tasks.find(parse_task_id(body)).prompt
        except RefusedError:
            return ""

    def _record(self, call: str, prompt: str, request: Request, body: dict[str, JsonValue]) -> None:
        shown = orjson.dumps({name: value for name, value in body.items() if name != "apiKey"}).decode()
        self._state.ledger.record(
            VENDOR, call, prompt=prompt, headers=request.headers, body=shown, at=self._state.clock()
        )


def _own_address(request: Request) -> bool:
    """The vendor serves only its own host name; here that is whatever name leads to our own port."""
    server = request.scope["server"]
    return server is None or (request.url.port or 80) == server[1]


def _denied(request: Request, body: dict[str, JsonValue]) -> Response | None:
    if not _own_address(request):
        return envelope(412)
    if not body.get("apiKey"):
        return envelope(301, message="param apiKey is required")
    return None if body["apiKey"] == RUNNINGHUB_KEY else envelope(802)


def _created(task: HubTask, fault: Fault | None, state: str) -> Response:
    broken = task.node_id if _is(fault, "node_errors") else None
    data = {
        "netWssUrl": None,
        "taskId": int(task.task_id) if _is(fault, "numeric_id") else task.task_id,
        "clientId": task.client_id,
        "taskStatus": "FAILED" if broken else state,
        "promptTips": prompt_tips(broken),
    }
    if _is(fault, "data_string_id"):
        return envelope(0, task.task_id)
    if _is(fault, "top_level_id"):
        body = {**as_body(0, None), "taskId": task.task_id}
        return Response(orjson.dumps(body), media_type="application/json")
    return envelope(0, data)


def _file(task: HubTask, base_url: str) -> dict[str, str | None]:
    return {
        "fileUrl": f"{base_url.rstrip('/')}/_pictures/{task.order.name}.png",
        "fileType": "png",
        "taskCostTime": str(round(task.seconds)),
        "nodeId": "9",
        "thirdPartyConsumeMoney": None,
        "consumeMoney": None,
        "consumeCoins": "17",
    }


def _failure(task: HubTask) -> dict[str, JsonValue]:
    reason = "task cancelled" if task.cancelled else "CUDA out of memory (sandbox)"
    return {
        "failedReason": {
            "current_outputs": "[]",
            "exception_type": "RuntimeError",
            "node_name": "KSampler",
            "current_inputs": "{}",
            "traceback": "[]",
            "node_id": task.node_id,
            "exception_message": reason,
        }
    }


def _code(fault: Fault | None) -> Response | None:
    return envelope(int(fault.number(NOT_FOUND))) if fault is not None and fault.kind == "code" else None


def _status(status: int) -> Response:
    body = orjson.dumps(as_body(500, None))
    return Response(body, status, media_type="application/json")


def _is(fault: Fault | None, kind: str) -> bool:
    return fault is not None and fault.kind == kind


async def _delivered(client: httpx.AsyncClient, url: str, event: dict[str, str]) -> bool:
    try:
        return (await client.post(url, json=event)).is_success
    except httpx.HTTPError:
        return False

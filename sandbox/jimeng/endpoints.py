"""Volcengine Visual: submit and query of Jimeng 4.0, behind the signature check of the OpenAPI front."""

import asyncio
import base64
import time

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from sandbox.control.keys import JIMENG_ACCESS_KEY, JIMENG_SECRET_KEY
from sandbox.control.state import SandboxState
from sandbox.faults.generic import instead, spoiled
from sandbox.faults.model import Fault
from sandbox.jimeng.signature import (
    ACCESS_DENIED,
    INVALID_ACTION,
    INVALID_KEY,
    INVALID_TIMESTAMP,
    MISMATCH,
    MISSING_PARAMETER,
    MISSING_SIGNATURE,
    GatewayError,
    SignedRequest,
    check,
)
from sandbox.jimeng.tasks import VENDOR, JimengTask, JimengTasks
from sandbox.jimeng.wire import (
    CONCURRENCY_LIMIT,
    OK,
    QPS_LIMIT,
    STATUS_CODES,
    RefusedError,
    envelope,
    gateway_envelope,
    parse_query,
    parse_submit,
    wants_url,
)
from sandbox.painter import paint_plain
from sandbox.painter.gallery import FILE, Gallery, padded

VERSION = "2022-08-31"
CALLS = {"CVSync2AsyncSubmitTask": "submit", "CVSync2AsyncGetResult": "result"}
KEYS = {JIMENG_ACCESS_KEY: JIMENG_SECRET_KEY}
GATEWAY_ERRORS = {
    error.number: error
    for error in (
        MISSING_PARAMETER,
        MISSING_SIGNATURE,
        INVALID_TIMESTAMP,
        INVALID_ACTION,
        INVALID_KEY,
        MISMATCH,
        ACCESS_DENIED,
    )
}
ENDINGS = frozenset({"not_found", "expired", "failed_status", "done_empty"})
# Links that the vendor gives out and that lead to no image.
BAD_LINKS = {"url_dead": "dead", "url_forbidden": "forbidden", "url_nowhere": "nowhere"}
DAMAGES = frozenset({"bad_base64", "not_a_picture", "huge_picture", "jpeg", *BAD_LINKS})
SUBMIT_KINDS = frozenset({"no_task_id", "picture_in_submit"})
GOES_ON = frozenset({QPS_LIMIT, CONCURRENCY_LIMIT, 50500, 50501})


def router(state: SandboxState, gallery: Gallery, tasks: JimengTasks) -> APIRouter:
    only = dict.fromkeys(ENDINGS | DAMAGES, "result") | dict.fromkeys(SUBMIT_KINDS, "submit") | {"gzip": FILE}
    state.faults.learn(VENDOR, frozenset(only), frozenset({*CALLS.values(), FILE}), only)
    routes = APIRouter(tags=[VENDOR])

    @routes.post("/")
    async def visual(request: Request) -> Response:
        return await Conversation(state, gallery, tasks, request, await request.body()).answer()

    return routes


class Conversation:
    """One request and its answer."""

    def __init__(
        self, state: SandboxState, gallery: Gallery, tasks: JimengTasks, request: Request, body: bytes
    ) -> None:
        self._state, self._gallery, self._tasks = state, gallery, tasks
        self._request, self._body = request, body
        self._action = request.query_params.get("Action", "")
        self._version = request.query_params.get("Version", "")
        self._request_id = f"20261121{state.next_number('jimeng-request'):026d}"

    async def answer(self) -> Response:
        call = CALLS.get(self._action, "unknown")
        task, prompt = self._about(call)
        self._record(call, prompt)
        refused = self._check_front()
        if refused is not None:
            return self._front(refused)
        fault = self._state.faults.take(VENDOR, call, prompt)
        early = self._code(fault, task) or instead(fault, self._status)
        if early is not None:
            return early
        try:
            response = await (self._submit(fault) if call == "submit" else self._result(fault))
        except RefusedError as refusal:
            response = self._flat(refusal.code, None)
        return spoiled(fault, response)

    def _check_front(self) -> GatewayError | None:
        if not self._action:
            return MISSING_PARAMETER
        if self._action not in CALLS or self._version != VERSION:
            return INVALID_ACTION
        url, headers = self._request.url, dict(self._request.headers)
        signed = SignedRequest("POST", url.path, url.query, headers, self._body)
        # the sandbox's own clock may be far ahead by POST /_clock; signatures live in real time
        return check(signed, KEYS, time.time() + self._state.settings.clock_skew)

    def _about(self, call: str) -> tuple[JimengTask | None, str]:
        """The prompt that this request is about, for the ledger and for `match`."""
        try:
            body = orjson.loads(self._body)
        except orjson.JSONDecodeError:
            return None, ""
        if not isinstance(body, dict):
            return None, ""
        if call == "submit":
            return None, str(body.get("prompt", ""))
        task = self._tasks.find(str(body.get("task_id", "")))
        return task, task.prompt if task else ""

    def _record(self, call: str, prompt: str) -> None:
        body = self._body[:4000].decode(errors="replace")
        self._state.ledger.record(
            VENDOR, call, prompt=prompt, headers=self._request.headers, body=body, at=self._state.clock()
        )

    async def _submit(self, fault: Fault | None) -> Response:
        self._tasks.admit("submit")
        task = await self._tasks.accept(parse_submit(self._body))
        match fault:
            case Fault(kind="no_task_id"):
                return self._flat(OK, {})
            case Fault(kind="picture_in_submit"):
                self._tasks.finish(task)
                return await self._pictures(task, as_url=False)
        for order in task.orders():
            self._gallery.start(order)
        return self._flat(OK, {"task_id": task.task_id})

    async def _result(self, fault: Fault | None) -> Response:
        self._tasks.admit("result")
        query = parse_query(self._body)
        as_url, task = wants_url(query.req_json), self._tasks.find(query.task_id)
        status = self._tasks.status(task)
        if fault is not None and fault.kind in ENDINGS:
            return self._ended(fault, task)
        if task is None or status == "not_found":
            return self._flat(OK, _data("not_found"))
        if fault is not None and fault.kind in DAMAGES:
            self._tasks.finish(task)
            return await self._damaged(fault, task, as_url=as_url)
        if status == "done" and task.refusal is not None:
            raise RefusedError(task.refusal)
        if status != "done" or not await self._gallery.ready(*task.orders()):
            return self._flat(OK, _data("generating" if status == "done" else status))
        return await self._pictures(task, as_url=as_url)

    def _ended(self, fault: Fault, task: JimengTask | None) -> Response:
        if task is not None:
            self._tasks.finish(task)
        names = {"failed_status": "failed", "done_empty": "done"}
        return self._flat(OK, _data(names.get(fault.kind, fault.kind)))

    async def _pictures(self, task: JimengTask, *, as_url: bool) -> Response:
        if as_url:
            return self._links(task)
        pictures = [await self._gallery.read(order) for order in task.orders()]
        return await asyncio.to_thread(self._base64, pictures)

    async def _damaged(self, fault: Fault, task: JimengTask, *, as_url: bool) -> Response:
        if fault.kind == "url_nowhere":
            # A name that no server of the world knows (RFC 2606).
            return self._flat(OK, _data("done", urls=["https://images.invalid/gone.png"]))
        if as_url or fault.kind in BAD_LINKS:
            ways = BAD_LINKS | {"not_a_picture": "html", "bad_base64": "html", "jpeg": "jpeg"}
            return self._links(task, ways.get(fault.kind) or str(int(fault.number(64 * 2**20))))
        order = task.orders()[0]
        match fault.kind:
            case "bad_base64":
                return self._flat(OK, _data("done", base64s=["%%% not Base64 %%%"]))
            case "not_a_picture":
                return self._base64([b"<html><body>not a picture</body></html>"])
            case "jpeg":
                return self._base64([await self._gallery.jpeg(order)])
        small = paint_plain(order.prompt, 1024, 1024)
        return await asyncio.to_thread(self._base64, [padded(small, int(fault.number(64 * 2**20)))])

    def _links(self, task: JimengTask, behave: str = "") -> Response:
        tail = f"?behave={behave}" if behave else ""
        base = str(self._request.base_url).rstrip("/")
        return self._flat(
            OK, _data("done", urls=[f"{base}/_pictures/{order.name}.png{tail}" for order in task.orders()])
        )

    def _base64(self, pictures: list[bytes]) -> Response:
        return self._flat(OK, _data("done", base64s=[base64.b64encode(picture).decode() for picture in pictures]))

    def _code(self, fault: Fault | None, task: JimengTask | None) -> Response | None:
        if fault is None or fault.kind != "code":
            return None
        code = int(fault.number(50500))
        if code in GATEWAY_ERRORS:
            return self._front(GATEWAY_ERRORS[code])
        if task is not None and code not in GOES_ON:
            self._tasks.finish(task)
        return self._flat(code, None)

    def _status(self, status: int) -> Response:
        if status == 401:
            return self._front(MISMATCH)
        return envelope(STATUS_CODES.get(status, 50500), None, self._request_id, status)

    def _flat(self, code: int, data: object) -> Response:
        return envelope(code, data, self._request_id)

    def _front(self, error: GatewayError) -> Response:
        return gateway_envelope(error, self._action, self._version, self._request_id)


def _data(status: str, *, base64s: list[str] | None = None, urls: list[str] | None = None) -> dict[str, object]:
    return {"binary_data_base64": base64s, "image_urls": urls, "status": status}

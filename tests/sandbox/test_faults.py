"""Faults on demand: each hits exactly the requests it is meant for, down to the bytes on the wire."""

import asyncio
import base64
import json
import time

import httpx
import pytest

from sandbox.faults.model import Fault, Faults
from tests.sandbox.calling import ControlCaller, HubCaller, JimengCaller

pytestmark = pytest.mark.anyio
WITH_URL = {"req_json": json.dumps({"return_url": True})}


def armed(**fields: object) -> Faults:
    faults = Faults()
    faults.learn("jimeng", frozenset(), frozenset({"submit", "result"}))
    faults.add(Fault.model_validate({"vendor": "jimeng", "kind": "html", **fields}))
    return faults


def hits(faults: Faults, times: int, call: str = "submit", text: str = "雨夜") -> list[bool]:
    return [faults.take("jimeng", call, text) is not None for _ in range(times)]


def test_a_fault_lets_some_requests_pass_and_then_hits_so_many() -> None:
    assert hits(armed(after=2, times=2), 6) == [False, False, True, True, False, False]


def test_a_fault_without_end_hits_until_cleared() -> None:
    faults = armed(times=-1)
    assert hits(faults, 5) == [True] * 5
    faults.clear("claude")
    assert hits(faults, 1) == [True]
    faults.clear()
    assert hits(faults, 1) == [False]


def test_a_fault_hits_only_its_call_and_its_text() -> None:
    faults = armed(call="result", match="雨", times=-1)
    assert hits(faults, 1) == [False]
    assert hits(faults, 1, "result", "晴天") == [False]
    assert hits(faults, 1, "result") == [True]


def test_a_rate_hits_its_share_and_the_same_requests_each_time() -> None:
    first, second = (hits(armed(rate=0.1, times=-1), 1000) for _ in range(2))
    assert first == second
    assert 70 <= sum(first) <= 130


async def test_an_unknown_kind_is_refused_with_the_valid_ones(http: httpx.AsyncClient) -> None:
    faults = [{"vendor": "jimeng", "kind": "html"}, {"vendor": "runninghub", "kind": "url_dead"}]
    answer = await http.post("/_faults", json=faults)
    assert answer.status_code == 422
    assert "node_errors" in answer.text
    assert (await http.get("/_faults")).json() == []


async def test_a_status_comes_with_the_vendors_own_error_body(jimeng: JimengCaller, control: ControlCaller) -> None:
    for status in (401, 429, 503):
        await control.fault("jimeng", "status", value=status)
    front, limit, broken = [await jimeng.submit() for _ in range(3)]
    assert (front.status_code, front.json()["ResponseMetadata"]["Error"]["CodeN"]) == (401, 100010)
    assert (limit.status_code, limit.json()["code"]) == (429, 50429)
    assert (broken.status_code, broken.json()["code"]) == (503, 50500)


async def test_a_page_an_empty_answer_and_a_text_are_not_json(jimeng: JimengCaller, control: ControlCaller) -> None:
    for kind in ("html", "empty", "not_json"):
        await control.fault("jimeng", kind)
    page, empty, text = [await jimeng.submit() for _ in range(3)]
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (empty.status_code, empty.content) == (502, b"")
    assert (text.status_code, text.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert (await control.ledger("jimeng"))["submitted"] == 0


@pytest.mark.parametrize(("kind", "billed"), [("reset", 0), ("reset_after", 1)])
async def test_a_reset_is_seen_as_one_and_is_billed_only_afterwards(
    jimeng: JimengCaller, control: ControlCaller, kind: str, billed: int
) -> None:
    await control.fault("jimeng", kind)
    with pytest.raises(httpx.ReadError) as raised:
        await jimeng.submit()
    assert "ConnectionResetError" in repr(raised.value.__cause__) or "BrokenResourceError" in repr(
        raised.value.__cause__
    )
    assert (await control.ledger("jimeng"))["submitted"] == billed


async def test_a_truncated_answer_stops_at_the_byte(control: ControlCaller, http: httpx.AsyncClient) -> None:
    await control.fault("runninghub", "truncate", value=10)
    received: list[bytes] = []

    async def receive() -> None:
        async with http.stream("POST", "/task/openapi/create", json=hub_create()) as answer:
            assert int(answer.headers["content-length"]) > 10
            async for chunk in answer.aiter_raw():
                received.append(chunk)  # noqa: PERF401 - a comprehension would lose what came before the cut

    with pytest.raises(httpx.RemoteProtocolError):
        await receive()
    assert b"".join(received) == b'{"code":0,'


def hub_create() -> dict[str, object]:
    nodes = [{"nodeId": "6", "fieldName": "text", "fieldValue": "雨夜"}]
    return {"apiKey": "sandbox0000000000000000000runninghub", "workflowId": "1", "nodeInfoList": nodes}


async def test_a_stalled_submit_is_billed_and_never_answered(jimeng: JimengCaller, control: ControlCaller) -> None:
    await control.fault("jimeng", "stall", value=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await jimeng.submit()
    assert (await control.ledger("jimeng"))["submitted"] == 1


async def test_a_stall_of_some_seconds_ends_with_a_closed_connection(hub: HubCaller, control: ControlCaller) -> None:
    await control.fault("runninghub", "stall", value=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        await hub.create()


async def test_a_delay_is_only_slow(hub: HubCaller, control: ControlCaller) -> None:
    await control.fault("runninghub", "delay", value=0.3)
    began = time.monotonic()
    assert (await hub.create())["code"] == 0
    assert time.monotonic() - began >= 0.3


async def test_a_code_comes_in_the_right_envelope(jimeng: JimengCaller, hub: HubCaller, control: ControlCaller) -> None:
    await control.fault("jimeng", "code", value=50430)
    await control.fault("jimeng", "code", value=100013)
    await control.fault("runninghub", "code", value=415)
    assert (await jimeng.submit()).json()["code"] == 50430
    assert (await jimeng.submit()).json()["ResponseMetadata"]["Error"]["Code"] == "AccessDenied"
    assert (await hub.create()) == {"code": 415, "msg": "TASK_INSTANCE_MAXED", "data": None}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("done_empty", "done"), ("not_found", "not_found"), ("expired", "expired"), ("failed_status", "failed")],
)
async def test_a_task_can_end_without_a_picture(
    jimeng: JimengCaller, control: ControlCaller, kind: str, status: str
) -> None:
    await control.fault("jimeng", kind)
    answer = (await jimeng.result(await jimeng.task())).json()
    assert answer["data"] == {"binary_data_base64": None, "image_urls": None, "status": status}


async def test_a_submit_can_forget_the_id_or_hold_the_picture(jimeng: JimengCaller, control: ControlCaller) -> None:
    await control.fault("jimeng", "no_task_id")
    await control.fault("jimeng", "picture_in_submit")
    assert (await jimeng.submit()).json()["data"] == {}
    data = (await jimeng.submit()).json()["data"]
    assert base64.b64decode(data["binary_data_base64"][0]).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("kind", "start"), [("not_a_picture", b"<html>"), ("jpeg", b"\xff\xd8\xff"), ("huge_picture", b"\x89PNG")]
)
async def test_a_picture_can_be_something_else(
    jimeng: JimengCaller, http: httpx.AsyncClient, control: ControlCaller, kind: str, start: bytes
) -> None:
    await control.fault("jimeng", kind, value=3_000_000, times=2)
    task = await jimeng.task()
    inline = (await jimeng.result(task)).json()["data"]["binary_data_base64"][0]
    linked = await http.get((await jimeng.result(task, **WITH_URL)).json()["data"]["image_urls"][0])
    for data in (base64.b64decode(inline), linked.content):
        assert data.startswith(start)
        assert kind != "huge_picture" or len(data) == 3_000_000


async def test_base64_can_be_bad_and_links_dead(
    jimeng: JimengCaller, http: httpx.AsyncClient, control: ControlCaller
) -> None:
    await control.fault("jimeng", "bad_base64")
    await control.fault("jimeng", "url_dead")
    task = await jimeng.task()
    with pytest.raises(ValueError, match="base64"):
        base64.b64decode((await jimeng.result(task)).json()["data"]["binary_data_base64"][0], validate=True)
    dead = (await jimeng.result(task, **WITH_URL)).json()["data"]["image_urls"][0]
    assert (await http.get(dead)).status_code == 404


async def test_the_download_of_a_picture_can_fail_once(
    jimeng: JimengCaller, http: httpx.AsyncClient, control: ControlCaller
) -> None:
    await control.fault("jimeng", "status", call="file", value=503)
    await control.fault("jimeng", "truncate", call="file", value=100)
    url = (await jimeng.result(await jimeng.task(), **WITH_URL)).json()["data"]["image_urls"][0]
    assert (await http.get(url)).status_code == 503
    with pytest.raises(httpx.RemoteProtocolError):
        await http.get(url)
    assert (await http.get(url)).content.startswith(b"\x89PNG")


async def test_every_answer_says_that_it_is_the_sandbox(http: httpx.AsyncClient) -> None:
    for answer in (await http.get("/_health"), await http.get("/nowhere"), await http.post("/")):
        assert answer.headers["x-sandbox"] == "scripttoframe"


async def test_settings_change_at_run_time_and_wrong_ones_are_refused(
    http: httpx.AsyncClient, control: ControlCaller
) -> None:
    await control.set(jimeng_concurrency=7)
    assert (await http.get("/_settings")).json()["jimeng_concurrency"] == 7
    for wrong in ({"jimeng_concurrency": -1}, {"port": 1}, {"no_such": 1}):
        assert (await http.post("/_settings", json=wrong)).status_code == 422
    assert (await http.get("/_settings")).json()["jimeng_concurrency"] == 7

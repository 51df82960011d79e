"""RunningHub as its clients meet it: every business answer is HTTP 200, the truth is in the code."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.sandbox.calling import ControlCaller, HubCaller

pytestmark = pytest.mark.anyio


async def test_a_task_runs_to_success_and_its_outputs_come_a_moment_later(
    hub: HubCaller, control: ControlCaller
) -> None:
    await control.set(runninghub_seconds=[1000, 1000], runninghub_outputs_lag=100)
    task = await hub.task()
    seen = []
    for seconds in (0, 500, 501, 100):
        await control.advance(seconds)
        status, outputs = await hub.call("status", taskId=task), await hub.call("outputs", taskId=task)
        seen.append((status["data"], outputs["code"]))
    assert seen == [("QUEUED", 813), ("RUNNING", 804), ("SUCCESS", 804), ("SUCCESS", 0)]


async def test_the_output_is_a_real_picture(hub: HubCaller, http: httpx.AsyncClient) -> None:
    outputs = await hub.call("outputs", taskId=await hub.task())
    assert outputs["data"][0]["fileType"] == "png"
    assert (await http.get(outputs["data"][0]["fileUrl"])).content.startswith(b"\x89PNG")


async def test_create_answers_with_an_int64_string_and_tips_as_a_json_string(hub: HubCaller) -> None:
    data = (await hub.create())["data"]
    assert isinstance(data["taskId"], str)
    assert 2**53 < int(data["taskId"]) < 2**63
    assert json.loads(data["promptTips"])["node_errors"] == {}
    assert len(data["clientId"]) == 32


@pytest.mark.parametrize("path", ["queryStatus", "queryResult", "no/such", "upload"])
async def test_a_misspelt_path_is_called_an_invalid_token(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.post(f"/task/openapi/{path}", json={})
    assert (answer.status_code, answer.json()) == (200, {"code": 412, "msg": "TOKEN_INVALID", "data": None})


async def test_another_host_name_is_not_served(http: httpx.AsyncClient) -> None:
    answer = await http.post("/task/openapi/status", json={}, headers={"Host": "www.runninghub.cn"})
    assert answer.json()["code"] == 412


@pytest.mark.parametrize(
    ("name", "fields", "code"),
    [
        ("status", {"taskId": 0}, 301),
        ("status", {"taskId": "abc"}, 301),
        ("status", {}, 301),
        ("status", {"taskId": "42"}, 807),
        ("outputs", {"taskId": "42"}, 807),
        ("cancel", {"taskId": "42"}, 807),
        ("create", {}, 301),
        ("create", {"workflowId": "1", "nodeInfoList": [{"nodeId": "6"}]}, 803),
        ("create", {"workflowId": "1", "nodeInfoList": ["6"]}, 803),
        ("status", {"taskId": "42", "apiKey": "other"}, 802),
        ("status", {"taskId": "42", "apiKey": ""}, 301),
    ],
)
async def test_wrong_requests_have_their_codes(hub: HubCaller, name: str, fields: dict[str, Any], code: int) -> None:
    answer = await hub.call(name, **fields)
    assert (answer["code"], answer["data"]) == (code, None)
    assert answer["msg"]


async def test_the_shared_queue_is_full_above_its_limit(hub: HubCaller, control: ControlCaller) -> None:
    await control.set(runninghub_seconds=[100, 100])
    codes = [(await hub.create(f"第{n}张"))["code"] for n in range(5)]
    assert codes == [0, 0, 0, 421, 421]
    await control.advance(101)
    assert (await hub.create())["code"] == 0
    book = await control.ledger("runninghub")
    assert (book["max_in_flight"], book["submitted"]) == (3, 4)


async def test_the_personal_queue_waits_for_a_slot(hub: HubCaller, control: ControlCaller) -> None:
    await control.set(runninghub_seconds=[100, 100], runninghub_concurrency=1)
    first, second = [await hub.task(f"第{n}张", usePersonalQueue=True) for n in range(2)]
    await control.advance(90)
    states = [(await hub.call("status", taskId=task))["data"] for task in (first, second)]
    assert states == ["RUNNING", "QUEUED"]
    await control.advance(90)
    states = [(await hub.call("status", taskId=task))["data"] for task in (first, second)]
    assert states == ["SUCCESS", "RUNNING"]


async def test_a_cancelled_task_fails_and_frees_its_slot(hub: HubCaller, control: ControlCaller) -> None:
    await control.set(runninghub_seconds=[100, 100], runninghub_concurrency=1)
    task = await hub.task()
    assert (await hub.call("cancel", taskId=task)) == {"code": 0, "msg": "success", "data": None}
    assert (await hub.call("status", taskId=task))["data"] == "FAILED"
    assert (await hub.call("outputs", taskId=task))["code"] == 805
    assert (await hub.create())["code"] == 0


async def test_a_prompt_can_force_a_refusal_or_a_failure(hub: HubCaller, control: ControlCaller) -> None:
    assert (await hub.create("坏 sandbox:rh:433"))["msg"] == "VALIDATE_PROMPT_FAILED"
    task = await hub.task("坏 sandbox:rh:fail")
    assert (await hub.call("status", taskId=task))["data"] == "FAILED"
    outputs = await hub.call("outputs", taskId=task)
    assert outputs["code"] == 805
    assert outputs["data"]["failedReason"]["exception_message"]
    assert (await control.ledger("runninghub"))["submitted"] == 1


async def test_ids_come_in_the_shapes_seen_in_the_wild(hub: HubCaller, control: ControlCaller) -> None:
    for kind in ("numeric_id", "data_string_id", "top_level_id", "node_errors"):
        await control.fault("runninghub", kind)
    await hub.call("status", taskId="42")
    number, text, top, broken = [await hub.create() for _ in range(4)]
    assert isinstance(number["data"]["taskId"], int)
    assert text["data"].isdecimal()
    assert (top["data"], top["taskId"].isdecimal()) == (None, True)
    assert broken["data"]["taskStatus"] == "FAILED"
    assert json.loads(broken["data"]["promptTips"])["node_errors"]


async def test_outputs_can_be_empty_or_null_and_a_status_an_object(hub: HubCaller, control: ControlCaller) -> None:
    for kind in ("empty_outputs", "null_data", "status_object"):
        await control.fault("runninghub", kind)
    task = await hub.task()
    assert [(await hub.call("outputs", taskId=task))["data"] for _ in range(2)] == [[], None]
    assert (await hub.call("status", taskId=task))["data"] == {"taskStatus": "SUCCESS"}


async def test_the_account_wants_its_key_in_lower_case(http: httpx.AsyncClient, hub: HubCaller) -> None:
    path = "/uc/openapi/accountStatus"
    assert (await http.post(path, json={"apikey": hub.key})).json()["data"]["apiType"] == "NORMAL"
    assert (await http.post(path, json={"apiKey": hub.key})).json()["code"] == 1601
    assert (await http.post(path, json={"apikey": "x"})).json()["code"] == 802


async def test_the_end_is_announced_to_the_webhook(hub: HubCaller) -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-len"))
        heard.set_result(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = await hub.task(webhookUrl=f"http://127.0.0.1:{port}/hook")
        event = json.loads(await asyncio.wait_for(heard, 10))
    assert (event["event"], event["taskId"]) == ("TASK_END", task)
    assert json.loads(event["eventData"])["data"][0]["fileUrl"]

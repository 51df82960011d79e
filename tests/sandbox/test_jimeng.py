"""Jimeng as its clients meet it: states, limits, sizes, moderation, Base64 and links."""

import base64
import json
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.sandbox.calling import ControlCaller, JimengCaller, together

pytestmark = pytest.mark.anyio
WITH_URL = {"req_json": json.dumps({"return_url": True})}


def picture(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


async def test_a_task_passes_through_its_states_by_time(jimeng: JimengCaller, control: ControlCaller) -> None:
    await control.set(jimeng_seconds=[1000, 1000])
    task = await jimeng.task()
    seen = []
    for seconds in (0, 500, 600):
        await control.advance(seconds)
        seen.append((await jimeng.result(task)).json()["data"]["status"])
    assert seen == ["in_queue", "generating", "done"]


async def test_the_picture_has_the_size_asked_for(jimeng: JimengCaller) -> None:
    task = await jimeng.task(width=2048, height=1152)
    data = (await jimeng.result(task)).json()["data"]
    assert data["image_urls"] is None
    image = picture(base64.b64decode(data["binary_data_base64"][0], validate=True))
    assert (image.format, image.size) == ("PNG", (2048, 1152))


async def test_a_link_comes_only_when_the_req_json_string_asks(jimeng: JimengCaller, http: httpx.AsyncClient) -> None:
    task = await jimeng.task()
    assert (await jimeng.result(task, return_url=True)).json()["data"]["image_urls"] is None
    data = (await jimeng.result(task, **WITH_URL)).json()["data"]
    assert data["binary_data_base64"] is None
    assert picture((await http.get(data["image_urls"][0])).content).size == (2048, 2048)


async def test_a_link_dies_after_a_day(jimeng: JimengCaller, http: httpx.AsyncClient, control: ControlCaller) -> None:
    task = await jimeng.task()
    url = (await jimeng.result(task, **WITH_URL)).json()["data"]["image_urls"][0]
    await control.advance(23 * 3600)
    assert (await http.get(url)).status_code == 200
    await control.advance(2 * 3600)
    assert (await http.get(url)).status_code == 404


async def test_a_task_is_forgotten_after_twelve_hours(jimeng: JimengCaller, control: ControlCaller) -> None:
    task = await jimeng.task()
    await control.advance(12 * 3600 + 1)
    assert (await jimeng.result(task)).json()["data"]["status"] == "not_found"
    assert (await jimeng.result("1")).json()["data"]["status"] == "not_found"


async def test_task_ids_are_int64_strings_beyond_what_a_double_holds(jimeng: JimengCaller) -> None:
    first, second = await jimeng.task("a"), await jimeng.task("b")
    assert first != second
    assert 2**53 < int(first) < 2**63


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (2048, 2048)),
        ({"width": 4096}, (2048, 2048)),
        ({"height": 4096}, (2048, 2048)),
        ({"size": 1048576}, (1024, 1024)),
        ({"size": 1, "width": 1024, "height": 1024}, None),
        ({"width": 3072, "height": 1024}, (3072, 1024)),
        ({"width": 1024, "height": 576}, None),
        ({"width": 4097, "height": 4096}, None),
        ({"width": 4096, "height": 1024}, None),
        ({"width": 4096, "height": 1024, "max_ratio": 4}, (4096, 1024)),
        ({"size": 1000}, None),
        ({"scale": 1.5}, None),
        ({"width": -1448, "height": -1448}, None),
    ],
)
async def test_sizes_follow_the_vendors_rules(
    jimeng: JimengCaller, http: httpx.AsyncClient, fields: dict[str, Any], size: tuple[int, int] | None
) -> None:
    answer = await jimeng.submit(**fields)
    if size is None:
        assert (answer.status_code, answer.json()["code"]) == (400, 50215)
        return
    data = (await jimeng.result(answer.json()["data"]["task_id"], **WITH_URL)).json()["data"]
    assert picture((await http.get(data["image_urls"][0])).content).size == size


async def test_without_force_single_the_prompt_decides_how_many(jimeng: JimengCaller) -> None:
    many = await jimeng.task("画三张猫", size=1048576)
    single = await jimeng.task("画三张猫", size=1048576, force_single=True)
    counts = [len((await jimeng.result(task)).json()["data"]["binary_data_base64"]) for task in (many, single)]
    assert counts == [3, 1]


async def test_concurrency_above_the_account_is_refused_until_one_ends(
    jimeng: JimengCaller, control: ControlCaller
) -> None:
    await control.set(jimeng_seconds=[100, 100])
    answers = await together(*(jimeng.submit(f"第{n}张") for n in range(5)))
    assert sorted((answer.status_code, answer.json()["code"]) for answer in answers) == [
        (200, 10000),
        (200, 10000),
        (429, 50430),
        (429, 50430),
        (429, 50430),
    ]
    await control.advance(101)
    assert (await jimeng.submit("又一张")).status_code == 200
    assert (await control.ledger("jimeng"))["max_in_flight"] == 2


async def test_more_requests_in_a_second_than_allowed_are_refused(jimeng: JimengCaller, control: ControlCaller) -> None:
    await control.set(jimeng_qps=1, jimeng_concurrency=0)
    codes = {answer.json()["code"] for answer in await together(*(jimeng.submit(f"{n}") for n in range(4)))}
    assert codes == {10000, 50429}
    await control.advance(1)
    assert (await jimeng.submit()).json()["code"] == 10000


@pytest.mark.parametrize(("code", "status"), [(50411, 400), (50413, 400), (50500, 500), (50429, 429), (50400, 403)])
async def test_a_forbidden_word_is_refused_at_submit_and_not_billed(
    jimeng: JimengCaller, control: ControlCaller, code: int, status: int
) -> None:
    answer = await jimeng.submit(f"坏 sandbox:{code}")
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, None)
    assert (await control.ledger("jimeng"))["submitted"] == 0


async def test_a_forbidden_picture_is_refused_when_it_is_fetched(jimeng: JimengCaller) -> None:
    task = await jimeng.task("坏 sandbox:50511")
    answer = await jimeng.result(task)
    assert (answer.status_code, answer.json()["code"]) == (400, 50511)


@pytest.mark.parametrize("req_key", ["jimeng_t2i_v9", 4, None])
async def test_another_req_key_is_refused(jimeng: JimengCaller, req_key: object) -> None:
    answer = await jimeng.submit(req_key=req_key)
    assert (answer.status_code, answer.json()["code"]) == (400, 50200)


async def test_each_accepted_submit_is_counted_by_its_prompt(jimeng: JimengCaller, control: ControlCaller) -> None:
    for prompt in ("一", "二", "一"):
        await jimeng.task(prompt)
    assert (await control.ledger("jimeng"))["submissions"] == {"一": 2, "二": 1}


async def test_the_ledger_shows_requests_without_keys(jimeng: JimengCaller, http: httpx.AsyncClient) -> None:
    await jimeng.task("看得见的提示词")
    shown = (await http.get("/_ledger")).text
    assert "看得见的提示词" in shown
    assert "AKLTsandbox" not in shown

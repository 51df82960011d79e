"""I3 and N4: a prompt becomes a picture."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.imagegen.ordering import asked, bought, paint, size_of
from tests.stack import Stack


def test_a_prompt_becomes_a_picture(imagegen: httpx.Client) -> None:
    answer = paint(imagegen, "清晨的山谷").json()
    assert set(answer) == {"success", "data", "error"}
    assert (answer["success"], answer["error"]) == (True, None)
    data = answer["data"]
    assert re.fullmatch(r"jimeng_v4_[0-9a-f]{32}", data["taskId"])
    assert (data["prompt"], data["frame"], data["demo"]) == ("清晨的山谷", None, True)
    assert data["contentUrl"] == f"/api/images/{data['taskId']}/content"
    assert data["imageUrl"].startswith("http")
    content = imagegen.get(data["contentUrl"])
    assert content.headers["content-type"] == "image/png"
    assert content.content.startswith(b"\x89PNG")


def test_every_picture_has_an_id_of_its_own(imagegen: httpx.Client) -> None:
    ids = {paint(imagegen, "同一个提示词").json()["data"]["taskId"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("form", "effective"),
    [
        ({"prompt": "甲", "frame": {"prompt": "乙", "jimengPrompt": "丙"}}, "乙"),
        ({"prompt": "甲", "frame": {"jimengPrompt": "丁"}}, "丁"),
        ({"prompt": "戊", "frame": {"prompt": "", "jimengPrompt": None}}, "戊"),
        ({"prompt": "己", "frame": {"prompt": "  ", "jimengPrompt": "\n"}}, "己"),
        ({"frame": {"prompt": "庚"}}, "庚"),
    ],
)
def test_the_frame_s_prompt_comes_first(
    imagegen: httpx.Client, stack: Stack, form: dict[str, Any], effective: str
) -> None:
    before = bought(stack, effective)
    data = imagegen.post("/api/generate-image", json=form).json()["data"]
    assert (data["prompt"], data["frame"]) == (effective, form["frame"])
    assert bought(stack, effective) == before + 1


def test_the_prompt_is_sent_stripped_and_echoed_as_it_was(imagegen: httpx.Client, stack: Stack) -> None:
    assert paint(imagegen, "  雪夜孤灯\n").json()["data"]["prompt"] == "  雪夜孤灯\n"
    assert bought(stack, "雪夜孤灯") == 1


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"prompt": ""},
        {"prompt": " \n\t"},
        {"prompt": None, "frame": None},
        {"frame": {}},
        {"frame": {"prompt": "", "jimengPrompt": "  "}},
        {"prompt": "", "config": 5},
    ],
)
@pytest.mark.parametrize("path", ["/api/generate-image", "/api/images"])
def test_no_prompt_is_refused_before_anything_else(imagegen: httpx.Client, path: str, form: dict[str, Any]) -> None:
    answer = imagegen.post(path, json=form)
    told = answer.json()
    assert (answer.status_code, told["error"], told["detail"]) == (400, "缺少必要参数: prompt", "缺少必要参数: prompt")
    assert (told["success"], told["errorCode"]) == (False, "MISSING_PARAMETER")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"prompt": 5}, "prompt"),
        ({"prompt": "甲", "frame": "乙"}, "frame"),
        ({"frame": []}, "frame"),
        ({"prompt": "甲", "frame": {"prompt": 5}}, "frame"),
        ({"prompt": "甲", "frame": {"jimengPrompt": ["丙"]}}, "frame"),
        ({"prompt": "甲", "config": "2k"}, "config"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(imagegen: httpx.Client, form: dict[str, Any], field: str) -> None:
    answer = imagegen.post("/api/generate-image", json=form)
    told = answer.json()
    assert (answer.status_code, told["errorCode"]) == (422, "VALIDATION_ERROR")
    assert told["error"].startswith(f"请求参数无效: {field}: ")
    assert told["detail"][0]["loc"] == ["body", field]
    assert {"type", "loc", "msg", "input"} <= set(told["detail"][0])


def test_the_frame_comes_back_whole_however_odd(imagegen: httpx.Client) -> None:
    frame = {
        "prompt": "城门",
        "id": "frame_1",
        "空": None,
        "大数": 2**70,
        "控制": "a\x00b\x1f\u2028\u0085",
        "孤": "\ud83d",
        "对": "\U0001f600",
        "深": [[{"x": [1.5]}]],
    }
    body = json.dumps({"frame": frame, "prompt": "\x00\udc00"}).encode()
    headers = {"Content-Type": "application/json"}
    answer = imagegen.post("/api/generate-image", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.content)["data"]["frame"] == frame


def test_half_a_character_in_a_prompt_is_repaired_for_the_vendor(imagegen: httpx.Client, stack: Stack) -> None:
    body = json.dumps({"prompt": "半个\ud83d字符"}).encode()
    answer = imagegen.post("/api/generate-image", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.content)["data"]["prompt"] == "半个\ud83d字符"
    assert bought(stack, "半个\ufffd字符") == 1


def test_ten_megabytes_of_picture_in_a_frame_are_echoed(imagegen: httpx.Client) -> None:
    picture = "data:image/png;base64," + "A" * (10 * 1024 * 1024)
    answer = paint(imagegen, "带图的一帧", frame={"imageUrl": picture})
    assert answer.json()["data"]["frame"] == {"imageUrl": picture}


def test_one_picture_is_bought_without_a_watermark_and_as_a_link(imagegen: httpx.Client, stack: Stack) -> None:
    paint(imagegen, "三张海报")
    submit = json.loads(asked(stack, "submit", "三张海报")[0]["body"])
    assert submit == {"req_key": "jimeng_t2i_v40", "prompt": "三张海报", "force_single": True}
    query = json.loads(asked(stack, "result", "三张海报")[0]["body"])
    assert set(query) == {"req_key", "task_id", "req_json"}
    assert isinstance(query["task_id"], str)
    options = json.loads(query["req_json"])
    assert (options["return_url"], options["logo_info"]["add_logo"]) == (True, False)


def test_the_picture_keeps_its_address_and_its_tag(imagegen: httpx.Client) -> None:
    url = paint(imagegen, "古桥").json()["data"]["contentUrl"]
    first = imagegen.get(url)
    tag = first.headers["etag"]
    assert first.headers["content-length"] == str(len(first.content))
    assert size_of(first.content)[0] > 500
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = imagegen.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert imagegen.get(url, headers={"If-None-Match": '"other"'}).content == first.content


def test_nobody_finds_a_picture_by_half_an_id(imagegen: httpx.Client) -> None:
    whole = paint(imagegen, "灯塔").json()["data"]["taskId"]
    strangers = (whole[:-1], whole[10:], f"{whole}%00", f"{whole}x", "jimeng_v4_", "..%2F..%2Fetc%2Fpasswd", "甲")
    for other in strangers:
        for answer in (imagegen.get(f"/api/images/{other}"), imagegen.delete(f"/api/images/{other}")):
            assert answer.status_code == 404, other
            assert answer.json()["errorCode"] in {"IMAGE_NOT_FOUND", "NOT_FOUND"}

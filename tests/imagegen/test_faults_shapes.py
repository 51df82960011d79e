"""Answers of Volcengine in every shape that its documents and its history know, from a scripted vendor."""

import base64
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.imagegen.ordering import paint, png
from tests.imagegen.scripted_vendor import ACCEPTED, SUBMIT, Answer, ScriptedVendor, raw, told

PNG, JPEG = png(), png(kind="JPEG")


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def done(**data: Any) -> dict[str, Any]:
    return {"status": "done"} | data


def painted(client: httpx.Client) -> dict[str, Any]:
    answer = paint(client, "形状")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


SHAPES: list[tuple[str, Callable[[str], Answer]]] = [
    ("image_urls", lambda url: told(done(image_urls=[url]))),
    ("under Result", lambda url: raw({"Result": done(image_urls=[url])})),
    ("code as text", lambda url: told(done(image_urls=[url]), code="10000")),
    ("image_url", lambda url: told(done(image_url=url))),
    ("resp_data as text", lambda url: told(done(resp_data=json.dumps({"image_urls": [url]})))),
    ("resp_data as object", lambda url: told(done(resp_data={"image_urls": [url]}))),
    ("state 1", lambda url: told({"status": 1, "image_url": url})),
    ("state 10000", lambda url: told({"status": 10000, "image_url": url})),
    ("empty Base64", lambda url: told(done(binary_data_base64=[], image_urls=[url]))),
    ("null Base64", lambda url: told(done(binary_data_base64=None, image_urls=[url]))),
    ("picture before done", lambda url: told({"status": "generating", "image_urls": [url]})),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape[0]))
def test_the_picture_is_found_wherever_it_stands(
    scripted: httpx.Client, vendor: ScriptedVendor, shape: tuple[str, Callable[[str], Answer]]
) -> None:
    url = vendor.shows("/a.png", Answer(PNG))
    vendor.says(told({"status": "in_queue"}), told(None), shape[1](url))
    data = painted(scripted)
    assert data["imageUrl"] == url
    assert scripted.get(data["contentUrl"]).content == PNG


@pytest.mark.parametrize(("picture", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_base64_wins_and_becomes_a_data_url(
    scripted: httpx.Client, vendor: ScriptedVendor, picture: bytes, kind: str
) -> None:
    url = vendor.shows("/other.png", Answer(PNG))
    vendor.says(told(done(binary_data_base64=[coded(picture)], image_urls=[url])))
    data = painted(scripted)
    assert data["imageUrl"] == f"data:{kind};base64,{coded(picture)}"
    content = scripted.get(data["contentUrl"])
    assert (content.content, content.headers["content-type"]) == (picture, kind)


def test_the_older_fields_count_only_once_the_task_is_done(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    preview, final = vendor.shows("/preview.png", Answer(png(4, 4))), vendor.shows("/final.png", Answer(PNG))
    vendor.says(told({"status": "generating", "image_url": preview}), told(done(image_url=final)))
    assert painted(scripted)["imageUrl"] == final


ENDS = [
    *(told({"status": status}) for status in (2, -1, "2", "-1", "failed", "not_found", "expired")),
    told(done()),
    told(done(image_urls=[], binary_data_base64=[""])),
    told(done(resp_data="not json")),
    told(done(binary_data_base64=["%%% not Base64 %%%"])),
    told(done(binary_data_base64=[coded(b"<html>")])),
    told(done(binary_data_base64=[coded(PNG[:50])])),
]


@pytest.mark.parametrize("answer", ENDS, ids=lambda answer: answer.body.decode()[40:110])
def test_an_end_without_a_picture_is_a_failure(scripted: httpx.Client, vendor: ScriptedVendor, answer: Answer) -> None:
    vendor.says(answer)
    reply = paint(scripted, "无图")
    assert (reply.status_code, reply.json()["error"]) == (500, "任务执行失败")
    assert reply.json()["errorCode"] == "IMAGE_GENERATION_ERROR"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int, text: bytes = b"") -> bytes:
    """A small file that would be a huge picture."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9))
    return b"\x89PNG\r\n\x1a\n" + head + text + rows + chunk(b"IEND", b"")


BOMBS = {
    "60000 x 60000": lambda: bomb(60_000, 60_000),
    "9000 x 9000": lambda: bomb(9_000, 9_000),
    "text of 100 MB": lambda: bomb(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000_000)))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_that_would_fill_the_memory_is_refused(
    scripted: httpx.Client, vendor: ScriptedVendor, name: str
) -> None:
    service = pid_of(scripted)
    Path(f"/proc/{service}/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = peak_memory(service)
    vendor.says(told(done(binary_data_base64=[coded(BOMBS[name]())])))
    reply = paint(scripted, "炸弹")
    assert (reply.status_code, reply.json()["error"]) == (500, "任务执行失败")
    assert peak_memory(service) - before < 50_000_000


def pid_of(client: httpx.Client) -> int:
    port = client.base_url.port
    return next(
        c.pid for c in psutil.net_connections("tcp") if c.pid and c.status == "LISTEN" and c.laddr[1:] == (port,)
    )


def peak_memory(pid: int) -> int:
    """The most that the process has held so far, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def test_the_front_s_error_outranks_the_code(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    error = {"Code": "FlowLimitExceeded", "CodeN": 100018, "Message": "too fast"}
    vendor.says(submit=raw({"code": 10000, "data": {"task_id": "1"}, "ResponseMetadata": {"Error": error}}))
    assert paint(scripted, "两个信封").json()["error"] == "任务提交失败: too fast"


def test_a_vendor_s_message_is_cleaned(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    dirty = f"bad \ud83d \x00 key AKLTscripted sk-abcdef123456 data:image/png;base64,{'A' * 5000} " + "啊" * 1000
    vendor.says(submit=told(None, code=50412, message=dirty, status=400))
    answer = paint(scripted, "脏话")
    error = answer.json()["error"]
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VOLCENGINE_API_ERROR")
    assert error.startswith("任务提交失败: bad ")
    assert len(error) < 260
    assert not [part for part in ("AKLT", "sk-", "AAAA", "\x00") if part in error]


@pytest.mark.parametrize("message", [None, "", 5, {"a": 1}, ["x"]])
def test_a_message_of_any_type_is_no_crash(scripted: httpx.Client, vendor: ScriptedVendor, message: Any) -> None:
    vendor.says(submit=told(None, code=50412, message=message, status=400))
    answer = paint(scripted, "怪消息")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VOLCENGINE_API_ERROR")


@pytest.mark.parametrize(
    "submit",
    [raw([]), raw("text"), raw(None), raw(5), Answer(b""), Answer(b"\xff\xfe"), Answer(b"{", 500)],
    ids=lambda answer: repr(answer.body),
)
def test_an_answer_that_is_no_object_leaves_the_outcome_unknown(
    scripted: httpx.Client, vendor: ScriptedVendor, submit: Answer
) -> None:
    vendor.says(submit=submit)
    answer = paint(scripted, "不是对象")
    assert (answer.status_code, answer.json()["errorCode"]) == (500, "OUTCOME_UNKNOWN")


@pytest.mark.parametrize("state", [None, [], {}, "dreaming", 10**30])
def test_a_state_never_heard_of_is_waited_out(scripted: httpx.Client, vendor: ScriptedVendor, state: Any) -> None:
    url = vendor.shows("/a.png", Answer(PNG))
    vendor.says(told({"status": state}), told(done(image_urls=[url])))
    assert painted(scripted)["imageUrl"] == url


def test_a_vendor_task_id_beyond_all_numbers_stays_whole(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    url = vendor.shows("/a.png", Answer(PNG))
    vendor.says(told(done(image_urls=[url])), submit=Answer(b'{"code":10000,"data":{"task_id":92233720368547758079}}'))
    painted(scripted)
    assert [form["task_id"] for action, form in vendor.asked if action != SUBMIT] == ["92233720368547758079"]


FORBIDDEN = [
    "http://example.com/a.png",
    "https://127.0.0.1/a.png",
    "https://localhost/a.png",
    "https://[::1]/a.png",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/a.png",
    "https://[64:ff9b::7f00:1]/a.png",
    "https://[64:ff9b:1::1]/a.png",
    "https://[2002:7f00:1::]/a.png",
    "https://[::7f00:1]/a.png",
    "https://[fec0::1]/a.png",
    "https://[ff02::1]/a.png",
    "https://user:pass@example.com/a.png",
    "http://127.0.0.1:1/a.png",
    "file:///etc/passwd",
    "ftp://example.com/a.png",
    "https://host:99999999/a.png",
    "/etc/passwd",
    "not a url",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_only_public_https_and_the_vendor_itself_are_downloaded_from(
    scripted: httpx.Client, vendor: ScriptedVendor, url: str
) -> None:
    vendor.says(told(done(image_urls=[url])))
    answer = paint(scripted, "别处")
    assert (answer.status_code, answer.json()["error"]) == (500, "图片下载失败: 不允许的地址")


def test_a_redirect_is_checked_like_a_link(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    near = vendor.shows("/near.png", Answer(PNG))
    good = vendor.shows("/good", Answer(b"", 302, {"Location": near}))
    vendor.says(told(done(image_urls=[good])))
    assert painted(scripted)["imageUrl"] == good
    for target in ("http://127.0.0.1:1/a.png", "https://10.0.0.1/a.png", "file:///etc/passwd"):
        bad = vendor.shows("/bad", Answer(b"", 302, {"Location": target}))
        vendor.says(told(done(image_urls=[bad])), submit=ACCEPTED)
        assert paint(scripted, "转走").json()["error"] == "图片下载失败: 不允许的地址"
    round_and_round = vendor.shows("/loop", Answer(b"", 302, {"Location": "/loop"}))
    vendor.says(told(done(image_urls=[round_and_round])), told(done(image_urls=[near])))
    assert painted(scripted)["imageUrl"] == near, "a fresh link leads out of the circle"

"""Everything that Volcengine can do wrong, on the wire: each row of contract §6.3, and the calls that are counted."""

import httpx
import pytest

from tests.imagegen.ordering import asked, bought, ended, look, order, paint
from tests.stack import Stack

REFUSALS = {
    50200: "Invalid Input Parameters: req_key",
    50207: "Image Decode Error",
    50400: "Access Denied: api forbidden",
    50411: "Pre Img Risk Not Pass",
    50412: "Text Risk Not Pass",
    50413: "Post Text Risk Not Pass",
    50500: "Internal Error",
    50518: "Pre Img Risk Not Pass: Copyright",
}
REASONS = {
    **dict.fromkeys((50411, 50412, 50413, 50518), "CONTENT_REFUSED"),
    50400: "VENDOR_NOT_OPENED",
    50500: "VENDOR_DOWN",
}
ENVELOPE = {
    100006: ("InvalidTimestamp", "The request timestamp is expired or invalid."),
    100009: ("InvalidAccessKey", "The access key in the request is invalid."),
    100010: ("SignatureDoesNotMatch", "The request signature does not match."),
    100013: ("AccessDenied", "The account is not authorised for this operation."),
}


def check(answer: httpx.Response, status: int, text: str, code: str) -> None:
    told = answer.json()
    assert (answer.status_code, told["error"], told["errorCode"]) == (status, text, code)
    assert (told["success"], told["data"], told["detail"]) == (False, None, text)
    assert told["taskId"].startswith("jimeng_v4_")


@pytest.mark.parametrize(("code", "message"), REFUSALS.items())
def test_a_refused_submit_says_why(imagegen: httpx.Client, stack: Stack, code: int, message: str) -> None:
    prompt = f"拒绝 {code}"
    stack.fault(vendor="jimeng", kind="code", call="submit", value=code, match=prompt)
    answer = paint(imagegen, prompt)
    check(answer, 400, f"任务提交失败: {message}", "VOLCENGINE_API_ERROR")
    assert answer.json().get("reason") == REASONS.get(code)
    vendor = answer.json()["vendor"]
    assert (vendor["name"], vendor["code"]) == ("volcengine", str(code))
    assert vendor["requestId"], "what the vendor's support asks for"
    assert (len(asked(stack, "submit", prompt)), bought(stack, prompt)) == (1, 0)


@pytest.mark.parametrize(("number", "told"), ENVELOPE.items())
def test_the_other_envelope_is_read_too(
    imagegen: httpx.Client, stack: Stack, number: int, told: tuple[str, str]
) -> None:
    _, message = told
    stack.fault(vendor="jimeng", kind="code", call="submit", value=number, match=f"前门 {number}")
    check(paint(imagegen, f"前门 {number}"), 400, f"任务提交失败: {message}", "VOLCENGINE_API_ERROR")


@pytest.mark.parametrize("code", [50411, 50413, 50511, 50512, 50519, 50215])
def test_a_final_code_of_a_query_ends_the_task(imagegen: httpx.Client, stack: Stack, code: int) -> None:
    prompt = f"查询 {code}"
    stack.fault(vendor="jimeng", kind="code", call="result", value=code, match=prompt)
    answer = paint(imagegen, prompt)
    assert answer.json()["error"].endswith(f" (Code: {code})")
    check(answer, 500, answer.json()["error"], "VOLCENGINE_API_ERROR")
    assert answer.json()["error"].startswith("查询任务失败: ")
    shown = look(imagegen, answer.json()["taskId"])
    assert (shown["status"], shown["error"]) == ("failed", answer.json()["error"])
    assert (shown["errorCode"], shown["imageUrl"]) == ("VOLCENGINE_API_ERROR", None)


@pytest.mark.parametrize("kind", ["failed_status", "not_found", "expired", "done_empty"])
def test_a_task_that_fails_at_the_vendor_ends(imagegen: httpx.Client, stack: Stack, kind: str) -> None:
    stack.fault(vendor="jimeng", kind=kind, call="result", match=kind)
    check(paint(imagegen, kind), 500, "任务执行失败", "IMAGE_GENERATION_ERROR")
    assert bought(stack, kind) == 1


def test_an_answer_without_a_task_is_an_error(imagegen: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="jimeng", kind="no_task_id", call="submit", match="无编号")
    check(paint(imagegen, "无编号"), 500, "未获得task_id", "VOLCENGINE_API_ERROR")


def test_a_picture_in_the_submit_s_answer_counts(imagegen: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="jimeng", kind="picture_in_submit", call="submit", match="立等可取")
    data = paint(imagegen, "立等可取").json()["data"]
    assert data["imageUrl"].startswith("data:image/png;base64,")
    assert imagegen.get(data["contentUrl"]).headers["content-type"] == "image/png"
    assert asked(stack, "result", "立等可取") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "code", "value": 50429},
        {"kind": "code", "value": 50430},
        {"kind": "code", "value": 50500},
        {"kind": "code", "value": 50501},
        {"kind": "code", "value": 50400},
        {"kind": "code", "value": 60000},
        *({"kind": "code", "value": number} for number in ENVELOPE),
        *({"kind": "status", "value": status} for status in (401, 403, 503)),
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "not_json"},
        {"kind": "reset"},
        {"kind": "truncate"},
    ],
    ids=str,
)
def test_a_passing_trouble_of_a_query_loses_nothing(
    imagegen: httpx.Client, stack: Stack, fault: dict[str, object]
) -> None:
    prompt = f"查询时遇到 {fault}"
    stack.fault(vendor="jimeng", call="result", times=2, match=prompt, **fault)
    assert paint(imagegen, prompt).status_code == 200
    assert bought(stack, prompt) == 1


def test_a_busy_vendor_is_waited_for(imagegen: httpx.Client, stack: Stack) -> None:
    codes = {f"忙 {code}": code for code in (50429, 50430)}
    for prompt, code in codes.items():
        stack.fault(vendor="jimeng", kind="code", call="submit", value=code, match=prompt)
    ids = {prompt: order(imagegen, prompt) for prompt in codes}
    for prompt, image_id in ids.items():
        assert ended(imagegen, image_id)["status"] == "succeeded"
        first, second = asked(stack, "submit", prompt)
        assert second["at"] - first["at"] >= 1.9
        assert bought(stack, prompt) == 1


@pytest.mark.parametrize("kind", ["html", "empty", "not_json"])
def test_nonsense_instead_of_a_submit_s_answer_is_an_unknown_outcome(
    imagegen: httpx.Client, stack: Stack, kind: str
) -> None:
    stack.fault(vendor="jimeng", kind=kind, call="submit", match=f"胡话 {kind}")
    check(paint(imagegen, f"胡话 {kind}"), 500, "提交结果未知，可能已计费，请确认后重试", "OUTCOME_UNKNOWN")
    assert len(asked(stack, "submit", f"胡话 {kind}")) == 1


def test_a_picture_is_found_by_its_bytes_not_by_its_name(imagegen: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="jimeng", kind="jpeg", call="result", match="老照片")
    data = paint(imagegen, "老照片").json()["data"]
    assert data["imageUrl"].partition("?")[0].endswith(".png")
    assert imagegen.get(data["contentUrl"]).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("kind", ["not_a_picture", "url_dead", "url_nowhere", "url_forbidden"])
def test_a_link_that_leads_to_no_image_is_asked_for_again(imagegen: httpx.Client, stack: Stack, kind: str) -> None:
    prompt = f"坏链接 {kind}"
    stack.fault(vendor="jimeng", kind=kind, call="result", times=2, match=prompt)
    data = paint(imagegen, prompt).json()["data"]
    assert imagegen.get(data["contentUrl"]).headers["content-type"] == "image/png"
    assert "behave" not in data["imageUrl"], "the fresh link"
    assert bought(stack, prompt) == 1


@pytest.mark.parametrize(
    "fault",
    [
        *({"kind": "status", "value": status} for status in (403, 404, 503)),
        {"kind": "html"},
        {"kind": "gzip"},
        {"kind": "reset"},
        {"kind": "truncate"},
    ],
    ids=str,
)
def test_a_broken_download_is_repeated_not_the_purchase(
    imagegen: httpx.Client, stack: Stack, fault: dict[str, object]
) -> None:
    prompt = f"下载 {fault}"
    stack.fault(vendor="jimeng", call="file", times=2, match=prompt, **fault)
    assert paint(imagegen, prompt).status_code == 200
    assert bought(stack, prompt) == 1


def test_a_picture_beyond_all_measure_is_not_kept(imagegen: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="jimeng", kind="huge_picture", call="result", value=64 * 2**20 + 1, match="太大")
    check(paint(imagegen, "太大"), 500, "图片下载失败: 图片过大", "IMAGE_GENERATION_ERROR")
    stack.fault(vendor="jimeng", kind="huge_picture", call="result", value=20 * 2**20, match="很大")
    data = paint(imagegen, "很大").json()["data"]
    assert len(imagegen.get(data["contentUrl"]).content) == 20 * 2**20


def test_a_clock_that_is_off_is_told_as_the_vendor_tells_it(imagegen: httpx.Client, stack: Stack) -> None:
    stack.tune(clock_skew=2000)
    try:
        answer = paint(imagegen, "时钟不准")
    finally:
        stack.tune(clock_skew=0)
    check(answer, 400, "任务提交失败: The request timestamp is expired or invalid.", "VOLCENGINE_API_ERROR")


def test_a_submit_whose_outcome_nobody_knows_is_never_repeated(imagegen: httpx.Client, stack: Stack) -> None:
    for kind in ("reset_after", "reset"):
        stack.fault(vendor="jimeng", kind=kind, call="submit", match=f"结果未知 {kind}")
        answer = paint(imagegen, f"结果未知 {kind}")
        check(answer, 500, "提交结果未知，可能已计费，请确认后重试", "OUTCOME_UNKNOWN")
        assert look(imagegen, answer.json()["taskId"])["status"] == "failed"
        assert len(asked(stack, "submit", f"结果未知 {kind}")) == 1
    assert bought(stack, "结果未知 reset_after") == 1

"""Why an analysis failed, in the vendor's words: reason, vendor and ids, also where no error should be."""

from typing import Any

import httpx
import pytest

from tests.gateway.stories import analyse, analyse_streamed
from tests.imagegen.scripted_vendor import Answer, ScriptedVendor, raw
from tests.stack import Stack

STEP = "智能分析失败: 第1步: 故事切分失败: "
REFUSALS = [
    (400, {"message": "Content Exists Risk", "type": "invalid_request_error"}, "CONTENT_REFUSED"),
    (400, {"message": "Model Not Exist", "code": "invalid_request_error"}, "VENDOR_NOT_OPENED"),
    (401, {"message": "Authentication Fails", "type": "authentication_error"}, "VENDOR_KEY_REFUSED"),
    (402, {"message": "Insufficient Balance", "code": "insufficient_balance"}, "VENDOR_BALANCE_EMPTY"),
    (403, {"message": "用户额度不足", "code": "insufficient_user_quota"}, "VENDOR_BALANCE_EMPTY"),
]


@pytest.mark.parametrize(("status", "refused", "reason"), REFUSALS, ids=lambda value: str(value)[:40])
def test_a_refusal_is_told_in_the_vendors_words(
    scripted: httpx.Client, vendor: ScriptedVendor, status: int, refused: dict[str, str], reason: str
) -> None:
    vendor.says(Answer(raw({"error": refused}).body, status, {"x-request-id": "theirs-1"}))
    told = analyse(scripted).json()
    assert told["error"] == f"{STEP}HTTP {status}: {refused['message']}"
    assert told["reason"] == reason
    code = refused.get("code") or refused["type"]
    assert told["vendor"] == {"name": "deepseek", "code": code, "requestId": "theirs-1"}
    assert len(vendor.asked) == 1


def test_the_same_is_told_by_the_stream_and_by_the_tasks_state(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(raw({"error": {"message": "Content Exists Risk"}}, 400))
    events = analyse_streamed(scripted)
    data = events[-1].data
    assert (data["type"], data["error"], data["reason"]) == (
        "error",
        f"{STEP}HTTP 400: Content Exists Risk",
        "CONTENT_REFUSED",
    )
    task = scripted.get("/api/stream/tasks", params={"limit": 1}).json()["tasks"][0]
    assert [task[name] for name in ("error", "reason", "vendor", "requestId")] == [
        data[name] for name in ("error", "reason", "vendor", "requestId")
    ]


def test_an_address_that_does_not_exist_is_named_with_its_variable(
    scripted: httpx.Client, vendor: ScriptedVendor
) -> None:
    vendor.says(Answer(b"404 page not found", 404, {"Content-Type": "text/plain"}))
    told = analyse(scripted).json()
    place = vendor.url.removeprefix("http://")
    assert told["error"] == f"{STEP}HTTP 404（地址 {place}/v1/chat/completions，请检查DEEPSEEK_BASE_URL）"


QUOTA = {
    "error": {"message": "用户额度不足，剩余额度：$0.02", "type": "new_api_error", "code": "insufficient_user_quota"}
}


@pytest.mark.parametrize(
    "answer",
    [
        raw(QUOTA),
        Answer(b"data: " + raw(QUOTA).body + b"\n\n", 200, {"Content-Type": "text/event-stream"}),
        Answer(raw(QUOTA).body + b"\n" + raw({"more": 1}).body, 200, {"Content-Type": "text/plain"}),
    ],
    ids=["object", "event", "lines"],
)
def test_an_error_with_http_200_is_told(scripted: httpx.Client, vendor: ScriptedVendor, answer: Answer) -> None:
    vendor.says(answer)
    told = analyse(scripted).json()
    assert (told["error"], told["reason"]) == (f"{STEP}用户额度不足，剩余额度：$0.02", "VENDOR_BALANCE_EMPTY")
    assert len(vendor.asked) == 1


def test_five_causes_of_an_unusable_answer_are_five_sentences(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    chat: dict[str, Any] = {"choices": [{"message": {"content": " "}, "finish_reason": "stop"}]}
    thought = {"choices": [{"message": {"content": "", "reasoning_content": "想"}, "finish_reason": "stop"}]}
    page = Answer(b"<html><h1>502</h1></html>", 200, {"Content-Type": "text/html"})
    causes = [page, Answer(b"oops"), Answer(b"\n\n\n"), raw({"id": 1}), raw(chat), raw(thought)]
    told = []
    for answer in causes:
        vendor.says(answer)
        told.append(analyse(scripted).json()["error"])
    assert len(set(told)) == len(causes)
    assert all(text.startswith(f"{STEP}API返回格式错误: ") for text in told)


@pytest.mark.parametrize("kind", ["event_stream", "thoughts", "lone_thoughts"])
def test_an_answer_in_another_shape_gives_the_same_storyboard(gateway: httpx.Client, stack: Stack, kind: str) -> None:
    expected = analyse(gateway, sceneCount=2).json()["data"]
    before = stack.calls("deepseek", "chat")
    stack.fault(vendor="deepseek", call="chat", kind=kind, times=3)
    answer = analyse(gateway, sceneCount=2)
    assert answer.json()["data"] == expected
    assert stack.calls("deepseek", "chat") == before + 3


def test_blank_lines_for_an_answer_are_asked_again(gateway: httpx.Client, stack: Stack) -> None:
    before = stack.calls("deepseek", "chat")
    stack.fault(vendor="deepseek", call="chat", kind="blank_lines")
    assert analyse(gateway, sceneCount=1).status_code == 200
    assert stack.calls("deepseek", "chat") == before + 4


@pytest.mark.parametrize("value", [None, "lone"])
def test_half_characters_are_joined(gateway: httpx.Client, stack: Stack, value: str | None) -> None:
    stack.fault(vendor="deepseek", call="chat", kind="half_character", value=value, match="<frames>")
    answer = analyse(gateway, sceneCount=1)
    assert answer.status_code == 200
    assert not set("\ud83d\ude00") & set(answer.text)


@pytest.mark.parametrize("reason", ["END", "eos", "end_turn", "completed"])
def test_every_word_for_a_good_end_is_understood(gateway: httpx.Client, stack: Stack, reason: str) -> None:
    stack.fault(vendor="deepseek", call="chat", kind="strange_reason", value=reason, times=3)
    assert analyse(gateway, sceneCount=1).status_code == 200

"""A1 with answers that the sandbox never gives: no prompts at all, odd shapes, odd endings."""

import json
from typing import Any

import httpx
import pytest

from tests.gateway.stories import analyse
from tests.imagegen.scripted_vendor import Answer, ScriptedVendor, raw

FRAMES = "\n---\n".join(
    f"### [{number}] 第{part}份-{kind}\n**中文辅助描述**: 画面{number}\n**Jimeng Prompt**: a cat, frame {number}"
    for number, (part, kind) in enumerate([(1, "开始帧"), (2, "开始帧"), (2, "结束帧")], 1)
)


def said(content: Any, reason: Any = "stop") -> Answer:
    return raw({"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": reason}]})


READ = {
    "beats": [{"first": 1, "last": 6, "decisive": 2, "place": "巷", "time": "雨夜", "people": ["小满"], "weight": 3}],
    "people": [{"name": "小满", "aliases": [], "described": [1]}],
}
LOOK = "a 20-year-old woman with neat short hair, grey sweater"
PLAN = {
    "people": [{"name": "小满", "aliases": [], "look": "短发灰衣", "lookEnglish": LOOK, "variants": []}],
    "places": [{"name": "巷", "aliases": [], "look": "窄巷", "lookEnglish": "a narrow wet alley"}],
    "style": "muted palette, fine grain",
    "parts": [{"start": 1, "moment": "她推开门"}, {"start": 4, "moment": "她追出门外"}],
    "end": 6,
    "end_moment": "雨停在半空",
}
MOMENTS = ("pushes a shop door open in the rain", "runs out under dying street lamps", "turns the crown of a watch")
DRAWN = [
    {"frame": number, "description": f"画面{number}", "prompt": f"{{{{c1}}}} {moment}, wide shot", "people": ["c1"]}
    for number, moment in enumerate(MOMENTS, 1)
]


def told(answer: Any) -> Answer:
    return said(json.dumps(answer))


def test_an_answer_without_any_prompt_fails_the_fourth_step(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(said("一份"), said("一帧"), said("我不能画这个。"))
    answer = analyse(scripted)
    body = answer.json()
    text = "智能分析失败: 第4步: 结果解析失败，未能提取到有效的提示词"
    assert (answer.status_code, body["error"], body["failedStep"]) == (500, text, "第4步 结果解析")
    assert body["errorCode"] == "ANALYSIS_FAILED"
    assert len(vendor.asked) == 6, "three questions, and each once more with the reason"


def test_a_failed_question_for_missing_frames_loses_nothing(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(told(READ), told(PLAN), told({"frames": DRAWN[:2]}), raw({"error": {"message": "no"}}, 400))
    data = analyse(scripted, sceneCount=2).json()["data"]
    assert [frame["chineseDescription"] for frame in data["storyboard_frames"]] == ["画面1", "画面2"]
    assert (data["script_analysis"]["frameCount"], data["estimatedScenes"]) == (2, 2)
    assert [warning["code"] for warning in data["script_analysis"]["warnings"]] == ["FRAME_MISSING"]
    ranges = [frame["source"] for frame in data["storyboard_frames"]]
    assert [(each["first"], each["last"]) for each in ranges] == [(1, 3), (4, 6)], "its sentences are not lost"


def test_one_question_per_step_without_thinking(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(told(READ), told(PLAN), told({"frames": DRAWN}))
    data = analyse(scripted, sceneCount=2).json()["data"]
    for _, asked in vendor.asked:
        assert (asked["model"], asked["stream"], "tools" in asked) == ("deepseek-flash", True, False)
        assert asked["thinking"] == {"type": "disabled"}
        assert [message["role"] for message in asked["messages"]] == ["user"]
    assert len(vendor.asked) == 3
    frames = data["storyboard_frames"]
    prompts = [f"{LOOK} {moment}, wide shot, muted palette, fine grain --ar 16:9" for moment in MOMENTS]
    assert [frame["jimengPrompt"] for frame in frames] == prompts
    assert {frame["characters"][0]["id"] for frame in frames} == {"c1"}
    assert frames[0]["place"] == "p1"
    assert data["script_analysis"]["warnings"] == []


def test_a_model_that_answers_in_its_own_way_is_understood(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(said("份"), said("帧"), said(FRAMES))
    data = analyse(scripted, sceneCount=2).json()["data"]
    assert data["script_analysis"]["frameCount"] == 3
    assert all(
        f"a cat, frame {number}" in frame["jimengPrompt"] for number, frame in enumerate(data["storyboard_frames"], 1)
    )
    assert {"NOT_READ", "PLAN_ASKED_AGAIN"} <= {warning["code"] for warning in data["script_analysis"]["warnings"]}


@pytest.mark.parametrize("reason", ["stop", None])
def test_an_answer_that_stopped_is_whole(scripted: httpx.Client, vendor: ScriptedVendor, reason: str | None) -> None:
    vendor.says(*(said(json.dumps(each), reason) for each in (READ, PLAN, {"frames": DRAWN})))
    assert analyse(scripted, sceneCount=2).json()["data"]["script_analysis"]["frameCount"] == 3


def test_an_answer_that_a_filter_cut_is_not_taken_for_whole(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(said("一半", "content_filter"))
    assert analyse(scripted).json()["error"] == "智能分析失败: 第1步: 故事切分失败: 内容被模型的审核拦截"


@pytest.mark.parametrize(
    "answer",
    [raw({}), raw([]), raw(None), raw({"choices": [{}]}), raw({"choices": [{"message": None}]}), Answer(b"\xff")],
    ids=lambda answer: repr(answer.body),
)
def test_an_answer_without_content_is_told(scripted: httpx.Client, vendor: ScriptedVendor, answer: Answer) -> None:
    vendor.says(answer)
    assert analyse(scripted).json()["error"].startswith("智能分析失败: 第1步: 故事切分失败: API返回格式错误: ")


def test_half_characters_in_an_answer_are_no_crash(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    spoiled = [frame | {"description": "画\ud83d面\x00"} for frame in DRAWN]
    vendor.says(told(READ), told(PLAN), told({"frames": spoiled}))
    data = analyse(scripted, sceneCount=2).json()["data"]
    assert [frame["chineseDescription"] for frame in data["storyboard_frames"]] == ["画面"] * 3


def test_no_key_leaves_the_gateway_in_an_error(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(raw({"error": {"message": "bad key sk-scripted-key, see http://a:b@host/"}}, 401))
    answer = analyse(scripted)
    assert answer.json()["error"].startswith("智能分析失败: 第1步: 故事切分失败: HTTP 401: bad key ")
    assert "scripted-key" not in answer.text

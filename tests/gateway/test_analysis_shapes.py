"""A1 with answers that the sandbox never gives: no prompts at all, odd shapes, odd endings."""

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


def test_an_answer_without_any_prompt_fails_the_fourth_step(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(said("一份"), said("一帧"), said("我不能画这个。"))
    answer = analyse(scripted)
    told = answer.json()
    text = "智能分析失败: 第4步: 结果解析失败，未能提取到有效的提示词"
    assert (answer.status_code, told["error"], told["failedStep"]) == (500, text, "第4步 结果解析")
    assert told["errorCode"] == "ANALYSIS_FAILED"
    assert len(vendor.asked) == 4, "three steps and one question more for what is missing"


def test_a_failed_question_for_missing_frames_loses_nothing(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(said("份"), said("帧"), said(FRAMES.rpartition("\n---\n")[0]), raw({"error": {"message": "no"}}, 400))
    data = analyse(scripted, sceneCount=2).json()["data"]
    assert [frame["jimengPrompt"] for frame in data["storyboard_frames"]] == ["a cat, frame 1", "a cat, frame 2"]
    assert (data["script_analysis"]["frameCount"], data["estimatedScenes"]) == (2, 2)


def test_one_question_per_step_without_thinking(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(said("份"), said("帧"), said(FRAMES))
    assert analyse(scripted, sceneCount=2).status_code == 200
    for _, asked in vendor.asked:
        assert (asked["model"], asked["temperature"], asked["stream"]) == ("deepseek-flash", 0.7, False)
        assert asked["thinking"] == {"type": "disabled"}
        assert [message["role"] for message in asked["messages"]] == ["user"]
    assert len(vendor.asked) == 3
    assert "份" in vendor.asked[1][1]["messages"][0]["content"]
    assert "帧" in vendor.asked[2][1]["messages"][0]["content"]


@pytest.mark.parametrize("reason", ["stop", None])
def test_an_answer_that_stopped_is_whole(scripted: httpx.Client, vendor: ScriptedVendor, reason: str | None) -> None:
    vendor.says(said("份", reason), said("帧", reason), said(FRAMES, reason))
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
    vendor.says(said("份\ud83d\x00"), said("帧\udc00"), said(FRAMES.replace("画面1", "画\ud83d面")))
    data = analyse(scripted, sceneCount=2).json()["data"]
    assert data["script_analysis"]["frameCount"] == 3
    assert data["script_analysis"]["segmented_story"] == "份\ufffd\x00"


def test_no_key_leaves_the_gateway_in_an_error(scripted: httpx.Client, vendor: ScriptedVendor) -> None:
    vendor.says(raw({"error": {"message": "bad key sk-scripted-key, see http://a:b@host/"}}, 401))
    answer = analyse(scripted)
    assert answer.json()["error"].startswith("智能分析失败: 第1步: 故事切分失败: HTTP 401: bad key ")
    assert "scripted-key" not in answer.text

"""A1: a story becomes a storyboard."""

import json
from typing import Any

import httpx
import pytest

from tests.gateway.stories import PATH, STORY, analyse, form, questions
from tests.stack import Stack


def test_a_story_becomes_frames_made_of_that_story(gateway: httpx.Client) -> None:
    answer = analyse(gateway, style="anime", genre="xuanhuan")
    told = answer.json()
    assert (answer.status_code, set(told)) == (200, {"success", "data"})
    data = told["data"]
    assert data["demo"] is True
    assert (data["recommendedStyle"], data["recommendedGenre"]) == ("anime", "xuanhuan")
    assert (data["estimatedScenes"], data["intelligentAnalysisComplete"]) == (3, True)
    analysis = data["script_analysis"]
    assert (analysis["sceneCount"], analysis["frameCount"], analysis["genre_detected"]) == (3, 4, "xuanhuan")
    assert "黑猫" in analysis["segmented_story"]
    assert "帧" in analysis["extracted_frames"]
    frames = data["storyboard_frames"]
    assert [frame["sequence"] for frame in frames] == [1, 2, 3, 4]
    assert [frame["sceneIndex"] for frame in frames] == [1, 2, 3, 3]
    assert [frame["frameType"] for frame in frames] == ["开始帧"] * 3 + ["结束帧"]
    for frame in frames:
        assert frame["jimengPrompt"]
        assert frame["chineseDescription"]
        assert (frame["imageUrl"], frame["isGenerating"], frame["error"]) == (None, False, None)


@pytest.mark.parametrize("count", [1, "2", " 12 ", "\uff10\uff13"])
def test_the_number_of_scenes_may_be_a_string_of_digits(gateway: httpx.Client, count: object) -> None:
    data = analyse(gateway, sceneCount=count).json()["data"]
    assert data["estimatedScenes"] == int(str(count))
    assert data["script_analysis"]["frameCount"] == int(str(count)) + 1


MISSING: list[dict[str, Any]] = [
    {},
    {"script": STORY},
    {"sceneCount": 5},
    form(script=""),
    form(script="  \n"),
    form(script=None),
    form(sceneCount=0),
    form(sceneCount="0"),
    form(sceneCount=""),
    form(sceneCount=None),
    {"script": 5},
    {"sceneCount": [], "script": ""},
]


@pytest.mark.parametrize("body", MISSING)
@pytest.mark.parametrize("query", ["", "?stream=true"])
def test_what_is_missing_is_400_before_any_type(gateway: httpx.Client, body: dict[str, Any], query: str) -> None:
    answer = gateway.post(PATH + query, json=body)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "缺少必要参数: script, sceneCount")
    assert (told["success"], told["errorCode"], told["detail"]) == (False, "MISSING_PARAMETER", told["error"])
    assert "failedStep" not in told


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"script": 5}, "script"),
        ({"script": ["a"]}, "script"),
        ({"sceneCount": -1}, "sceneCount"),
        ({"sceneCount": 101}, "sceneCount"),
        ({"sceneCount": "101"}, "sceneCount"),
        ({"sceneCount": "9" * 5000}, "sceneCount"),
        ({"sceneCount": 2.5}, "sceneCount"),
        ({"sceneCount": True}, "sceneCount"),
        ({"sceneCount": "五"}, "sceneCount"),
        ({"sceneCount": "5个"}, "sceneCount"),
        ({"sceneCount": []}, "sceneCount"),
        ({"style": 5}, "style"),
        ({"genre": {}}, "genre"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_type_or_bound_is_422_and_named(gateway: httpx.Client, change: dict[str, Any], field: str) -> None:
    answer = gateway.post(PATH, json=form(**change))
    told = answer.json()
    assert (answer.status_code, told["errorCode"]) == (422, "VALIDATION_ERROR")
    assert told["error"].startswith(f"请求参数无效: {field}: ")
    assert told["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"[" * 5000])
def test_what_is_no_object_is_422(gateway: httpx.Client, body: bytes) -> None:
    answer = gateway.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")
    assert answer.json()["error"].startswith("请求参数无效: ")


def test_keys_of_strangers_are_ignored_and_never_sent(gateway: httpx.Client, stack: Stack) -> None:
    mark = "测试密钥忽略"
    answer = analyse(gateway, script=mark + STORY, api_key="sk-stolen-key", api_url="http://evil.example")
    assert answer.status_code == 200
    assert not [body for body in questions(stack, mark) if "stolen" in body or "evil" in body]


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("anime", "anime style"),
        ("realistic", "photorealistic style"),
        ("cyberpunk", "cyberpunk style"),
        ("traditional", "traditional chinese painting style"),
        ("manga", "manga style"),
        ("korean", "korean webtoon style"),
        ("3d", "3d render style"),
        ("chibi", "chibi style"),
        ("水墨留白", "水墨留白"),
    ],
)
def test_the_style_reaches_the_prompts(gateway: httpx.Client, style: str, words: str) -> None:
    frames = analyse(gateway, sceneCount=1, style=style).json()["data"]["storyboard_frames"]
    assert all(words in frame["jimengPrompt"] for frame in frames)


@pytest.mark.parametrize("style", [None, "", "default"])
def test_no_style_leaves_no_word_in_any_prompt(gateway: httpx.Client, stack: Stack, style: str | None) -> None:
    mark = f"无风格{len(style or '无')}"
    data = analyse(gateway, sceneCount=1, script=mark + STORY, style=style).json()["data"]
    assert data["recommendedStyle"] == style
    for text in [*questions(stack, mark), *(frame["jimengPrompt"] for frame in data["storyboard_frames"])]:
        assert "undefined" not in text
        assert "default" not in text.replace('"type":"disabled"', "")


def test_the_genre_is_echoed_but_never_asked(gateway: httpx.Client, stack: Stack) -> None:
    mark = "题材测试"
    data = analyse(gateway, sceneCount=1, script=mark + STORY, genre="apocalypse").json()["data"]
    assert data["recommendedGenre"] == "apocalypse"
    assert len(questions(stack, mark)) >= 1
    assert not [body for body in questions(stack, mark) if "apocalypse" in body]


def test_braces_and_dollars_of_the_story_are_only_text(gateway: httpx.Client, stack: Stack) -> None:
    odd = "{{script}} ${sceneCount} $& {style} \\1 %s 甲乙丙。" + STORY
    assert analyse(gateway, script=odd, sceneCount=1).status_code == 200
    assert "{{script}} ${sceneCount} $& {style}" in questions(stack, "甲乙丙")[0]


def test_text_that_no_database_and_no_encoding_likes_is_cut_all_the_same(gateway: httpx.Client) -> None:
    odd = "\x00\ud83d\u2028雨\x1f停。" + STORY
    body = json.dumps(form(script=odd, style="\x00\udc00", genre="\ud800")).encode()
    answer = gateway.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    data = json.loads(answer.content)["data"]
    assert (data["recommendedStyle"], data["recommendedGenre"]) == ("\x00\ufffd", "\ufffd")
    assert data["script_analysis"]["frameCount"] == 4


def test_frames_that_are_missing_are_asked_for_once_more(gateway: httpx.Client, stack: Stack) -> None:
    mark = "缺帧测试"
    stack.fault(vendor="deepseek", kind="missing_frames", match="<frames>", value=2)
    data = analyse(gateway, script=mark + STORY, sceneCount=4).json()["data"]
    assert data["script_analysis"]["frameCount"] == 5
    assert [frame["sequence"] for frame in data["storyboard_frames"]] == [1, 2, 3, 4, 5]


def test_fewer_frames_than_asked_are_still_a_success(gateway: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="deepseek", kind="missing_frames", match="<frames>", value=1, times=-1)
    answer = analyse(gateway, sceneCount=4)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert 1 <= data["script_analysis"]["frameCount"] == len(data["storyboard_frames"]) <= 5
    sequences = [frame["sequence"] for frame in data["storyboard_frames"]]
    assert sequences == list(range(1, len(sequences) + 1))


def test_an_answer_cut_by_its_length_is_continued_without_a_seam(gateway: httpx.Client, stack: Stack) -> None:
    whole = analyse(gateway, sceneCount=5).json()["data"]
    stack.fault(vendor="deepseek", kind="length", times=3)
    cut = analyse(gateway, sceneCount=5, genre="again").json()["data"]
    assert cut["script_analysis"]["segmented_story"] == whole["script_analysis"]["segmented_story"]
    assert cut["storyboard_frames"] == whole["storyboard_frames"]


@pytest.mark.parametrize("kind", ["insufficient", "blank", "null_content", "overloaded"])
def test_a_passing_trouble_of_the_model_is_waited_out(gateway: httpx.Client, stack: Stack, kind: str) -> None:
    stack.fault(vendor="deepseek", kind=kind, times=1)
    assert analyse(gateway, sceneCount=1).status_code == 200


def test_the_result_is_found_under_its_task(gateway: httpx.Client) -> None:
    data = analyse(gateway, sceneCount=2, genre="找回").json()["data"]
    newest = gateway.get("/api/stream/tasks", params={"task_type": "intelligent_analysis", "limit": 1}).json()
    shown = gateway.get(f"/api/stream/tasks/{newest['tasks'][0]['task_id']}").json()
    assert (shown["task_type"], shown["status"], shown["demo"]) == ("intelligent_analysis", "completed", True)
    assert (shown["current"], shown["total"]) == (4, 4)
    assert shown["data"] == data

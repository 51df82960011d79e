"""A1 when the model's answers are damaged: mended and told, or an error; never silently wrong."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.settings import SANDBOX_DEEPSEEK_KEY
from tests.gateway.stories import analyse
from tests.stack import Stack

STORY = (
    "第一章 渡口\n雨夜，阿鸢提着灯笼站在渡口，望向河心的一盏孤灯。老周摇着船靠了岸，船板吱呀作响。"
    "“你来晚了。”老周说。阿鸢把一封湿透的信递给他，手指冻得发白。\n\n"
    "三年前的雪夜，沈砚就是从这里离开的。阿鸢望着老周，眼泪落在灯笼上。老周转过身，从船舱里拖出一只木箱。"
    "箱盖掀开，里面是一件染血的旧长袍。阿鸢跪了下来，抱住那件长袍。远处传来马蹄声，火光照亮了山脊。\n"
    "第二章 追兵\n老周吹熄灯笼，把阿鸢推进船舱。骑兵冲到岸边，举起火把。沈砚从马上跳下来，望着漆黑的河面。"
    "阿鸢从船缝里看见了他的脸。她捂住嘴，船无声地滑入浓雾。"
)
PART = re.compile(r"\*\*完整剧情原文\*\*：\n(.*?)\n\n\*\*核心视觉点\*\*：", re.DOTALL)
READ, PLAN, DRAW = "编剧统筹", "和造型师一起", "<frames>"
SCENES = 4
WHOLE: pytest.StashKey[dict[str, dict[str, Any]]] = pytest.StashKey()
STYLE = "anime style"


@pytest.fixture(params=["tool", "plain"])
def caller(request: pytest.FixtureRequest, stack: Stack, add_gateway: Callable[..., httpx.Client]) -> httpx.Client:
    """Gateways whose model answers through a strict tool, and in plain JSON as relays let it."""
    own = {"DEEPSEEK_API_KEY": SANDBOX_DEEPSEEK_KEY, "DEEPSEEK_BASE_URL": f"{stack.sandbox_url}/v1"}
    return add_gateway(**(own if request.param == "plain" else {}))


def analysed(client: httpx.Client) -> dict[str, Any]:
    answer = analyse(client, script=STORY, sceneCount=SCENES, style="anime")
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    check_cover(data)
    return data


def check_cover(data: dict[str, Any]) -> None:
    """Not a sentence is lost, and no prompt is unfit to be painted."""
    analysis, frames = data["script_analysis"], data["storyboard_frames"]
    assert "".join(PART.findall(analysis["segmented_story"])) == STORY
    numbers = [n for frame in frames for n in range(frame["source"]["first"], frame["source"]["last"] + 1)]
    assert numbers == list(range(1, analysis["coverage"]["sentences"] + 1))
    assert "".join(STORY[frame["source"]["start"] : frame["source"]["end"]] for frame in frames) == STORY
    assert analysis["coverage"]["covered"] == len(numbers)
    looks = {person["id"]: person["lookEnglish"] for person in analysis["characters"]}
    for frame in frames:
        prompt = frame["jimengPrompt"].removesuffix(" --ar 16:9")
        assert len(prompt) <= 800
        assert prompt.count(STYLE) == 1
        assert not re.search(r"--|[\"“”{}]|同上|抱歉|same as", prompt)
        filled = frame["promptTemplate"]
        for who in frame["characters"]:
            assert looks[who["id"]] in prompt
            filled = filled.replace("{{" + who["id"] + "}}", looks[who["id"]])
        assert filled == frame["jimengPrompt"]


@pytest.fixture
def whole(caller: httpx.Client, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the same model answers when nothing is damaged."""
    known: dict[str, dict[str, Any]] = request.config.stash.setdefault(WHOLE, {})
    name = request.node.callspec.params["caller"]
    if name not in known:
        known[name] = analysed(caller)
    return known[name]


def borders(data: dict[str, Any]) -> list[tuple[int, int]]:
    return [(frame["source"]["first"], frame["source"]["last"]) for frame in data["storyboard_frames"]]


def prompts(data: dict[str, Any]) -> list[str]:
    return [frame["jimengPrompt"] for frame in data["storyboard_frames"]]


def codes(data: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in data["script_analysis"]["warnings"]}


def test_a_whole_answer_needs_no_word_about_it(caller: httpx.Client, stack: Stack) -> None:
    before = stack.calls("deepseek", "chat")
    data = analysed(caller)
    assert data["script_analysis"]["warnings"] == []
    assert data["script_analysis"]["coverage"]["repaired"] == 0
    assert len(data["storyboard_frames"]) == SCENES + 1
    assert stack.calls("deepseek", "chat") - before == 3


DAMAGES = [
    *((READ, kind) for kind in ("drop", "double", "swap", "out_of_range", "rewrite", "refuse", "prose", "cut_json")),
    *((PLAN, kind) for kind in ("refuse", "prose")),
    *((DRAW, kind) for kind in ("drop", "double", "out_of_range", "refuse", "prose", "cut_json", "long_prompts")),
    *((DRAW, kind) for kind in ("short_prompts", "alike", "same_as", "nameless", "strangers")),
]


@pytest.mark.parametrize("times", [1, -1], ids=["once", "always"])
@pytest.mark.parametrize(("question", "kind"), DAMAGES)
def test_damage_is_mended_and_told_or_an_error(
    caller: httpx.Client, whole: dict[str, Any], stack: Stack, question: str, kind: str, times: int
) -> None:
    stack.fault(vendor="deepseek", kind=kind, match=question, times=times)
    if question == DRAW and kind in {"refuse", "prose", "same_as"} and times < 0:
        answer = analyse(caller, script=STORY, sceneCount=SCENES, style="anime")
        assert answer.json()["failedStep"] == "第4步 结果解析"
        return
    data = analysed(caller)
    assert codes(data), "told"
    if times > 0:
        assert len(data["storyboard_frames"]) == SCENES + 1
        assert borders(data) == borders(whole)
    if times > 0 and question == DRAW:
        assert prompts(data) == prompts(whole), "the second answer was whole"


@pytest.mark.parametrize("kind", ["drop", "double", "swap", "out_of_range", "rewrite", "cut_json"])
@pytest.mark.parametrize("times", [1, -1], ids=["once", "always"])
def test_a_damaged_plan_is_told(
    caller: httpx.Client, whole: dict[str, Any], stack: Stack, kind: str, times: int
) -> None:
    stack.fault(vendor="deepseek", kind=kind, match=PLAN, times=times, value=2)
    data = analysed(caller)
    assert codes(data) or borders(data) == borders(whole)
    assert data["script_analysis"]["coverage"]["parts"] == SCENES
    assert len(data["storyboard_frames"]) == SCENES + 1


def test_flags_and_quotes_are_taken_out_and_told(caller: httpx.Client, whole: dict[str, Any], stack: Stack) -> None:
    stack.fault(vendor="deepseek", kind="flags", match=DRAW)
    data = analysed(caller)
    assert prompts(data) == prompts(whole)
    assert codes(data) == {"PROMPT_CLEANED"}


@pytest.mark.parametrize("question", [READ, PLAN, DRAW])
@pytest.mark.parametrize("kind", ["thoughts", "lone_thoughts", "no_stop", "reset_after"])
def test_what_can_be_understood_is_no_damage(
    caller: httpx.Client, whole: dict[str, Any], stack: Stack, question: str, kind: str
) -> None:
    stack.fault(vendor="deepseek", kind=kind, match=question)
    data = analysed(caller)
    assert prompts(data) == prompts(whole)


def test_a_model_without_strict_tools_is_asked_for_plain_json(
    stack: Stack, add_gateway: Callable[..., httpx.Client]
) -> None:
    client = add_gateway(PORT_OF_ITS_OWN="1")
    stack.fault(vendor="deepseek", kind="no_tools")
    assert codes(analysed(client)) == set()
    asked = [request["body"] for request in stack.requests("deepseek")[-3:]]
    assert all('"response_format":{"type":"json_object"}' in body for body in asked)


@pytest.mark.parametrize("caller", ["plain"], indirect=True)
@pytest.mark.parametrize("number", range(25))
def test_frames_in_a_form_of_the_model_s_own_are_read(
    caller: httpx.Client, whole: dict[str, Any], stack: Stack, number: int
) -> None:
    stack.fault(vendor="deepseek", kind="damaged", match=DRAW, value=number)
    data = analysed(caller)
    assert borders(data) == borders(whole)
    assert len(data["storyboard_frames"]) == SCENES + 1


def test_a_slow_model_is_waited_for(caller: httpx.Client, stack: Stack) -> None:
    stack.fault(vendor="deepseek", kind="slow_tokens", match=READ, value=100)
    assert codes(analysed(caller)) == set()


def test_what_the_caller_says_of_people_shape_and_language_is_kept(gateway: httpx.Client, stack: Stack) -> None:
    look = "a tall woman in a bright red raincoat, silver braid"
    given: dict[str, Any] = {
        "characters": [{"name": "阿鸢", "lookEnglish": look}, 5],
        "aspectRatio": "9:16",
        "language": "English",
    }
    data = analyse(gateway, script=STORY, sceneCount=SCENES, **given).json()["data"]
    person = data["script_analysis"]["characters"][0]
    assert (person["name"], person["lookEnglish"], person["source"]) == ("阿鸢", look, "caller")
    shown = [frame for frame in data["storyboard_frames"] if {"id": person["id"]} in frame["characters"]]
    assert shown
    assert all(look in frame["jimengPrompt"] for frame in shown)
    assert all(prompt.endswith(" --ar 9:16") for prompt in prompts(data))
    asked = stack.requests("deepseek")[-1]["prompt"]
    assert "画幅 9:16" in asked
    assert "用English" in asked


@pytest.mark.parametrize("odd", [{"aspectRatio": "wide"}, {"aspectRatio": 5}, {"language": []}, {"characters": "阿鸢"}])
def test_odd_values_of_options_refuse_no_story(gateway: httpx.Client, odd: dict[str, Any]) -> None:
    answer = analyse(gateway, script=STORY, sceneCount=SCENES, **odd)
    assert answer.status_code == 200
    told = codes(answer.json()["data"])
    assert told == ({"OPTION_UNKNOWN"} if odd == {"aspectRatio": "wide"} else set())

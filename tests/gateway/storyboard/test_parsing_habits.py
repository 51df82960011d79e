"""Answers in the habits of many models: every frame is read as it was meant, or is absent so that it is asked again."""

import itertools
import sys
from collections.abc import Callable

import pytest

from gateway.storyboard.parsing.reader import parse_frames

PROMPTS = (
    *("English Prompt", "英文Prompt", "英文", "画面提示词", "AI绘画提示词", "Midjourney Prompt", "即梦4.0提示词"),
    *("正向提示词", "Positive Prompt", "出图提示词", "Jimeng AI Prompt", "EN", "Jimeng  Prompt", "英文提示詞", "咒语"),
)
DESCRIPTIONS = ("**画面**", "**画面内容**", "中文", "**中文说明**", "**镜头描述**", "场景描述", "**中文輔助描述**")
FORMS = ("**{}**:", "**{}:**", "{}:", "- **{}**: ", "【{}】", "<b>{}</b>:", "\\*\\*{}\\*\\*:")
HEADINGS = (
    ("### [1] Part 1 - Start", "### [2] Part 1 - End"),
    ("### 开始帧 - 第1份", "### 结束帧 - 第1份"),
    ("### 第1份-起始画面", "### 第1份-结束画面"),
    ("### [1] 第1份-開始幀", "### [2] 第1份-結束幀"),
)
ANSWERS = list(itertools.product(PROMPTS, DESCRIPTIONS, FORMS, HEADINGS))
FIRST, LAST = "Wide shot, a woman in a grey coat, rain --ar 16:9", "Close-up, a wet hand, soft light --ar 16:9"
READ = [(1, "开始帧", "雨夜", FIRST), (1, "结束帧", "雨停", LAST)]


def _read(text: str) -> list[tuple[int, str, str, str]]:
    return [(f.scene_index, f.frame_type, f.chinese_description, f.jimeng_prompt) for f in parse_frames(text)]


def test_every_label_in_every_form_under_every_heading_is_understood() -> None:
    """2,940 answers."""
    assert len(ANSWERS) > 2000
    lost = []
    for prompt, description, form, (first, last) in ANSWERS:
        label = form.format(prompt)
        answer = f"{first}\n{description}:雨夜\n{label}{FIRST}\n\n{last}\n{description}:雨停\n{label}{LAST}\n"
        if _read(answer) != READ:
            lost.append((prompt, description, form, first, _read(answer)))
    assert not lost


RECORDS = {
    "bold table": "| **份** | **帧类型** | **中文辅助描述** | **英文提示词** |\n|---|---|---|---|\n"
    f"| 1 | 开始帧 | 雨夜 | {FIRST} |\n| 1 | 结束帧 | 雨停 | {LAST} |",
    "csv": f'scene,frame_type,description,prompt\n1,开始帧,雨夜,"{FIRST}"\n1,结束帧,雨停,"{LAST}"',
    "yaml": "```yaml\nframes:\n"
    f'  - scene: 1\n    frame_type: 开始帧\n    chinese_description: 雨夜\n    jimeng_prompt: "{FIRST}"\n'
    f"  - scene: 1\n    frame_type: 结束帧\n    chinese_description: 雨停\n    jimeng_prompt: >-\n      {LAST}\n```",
    "xml": "<frames>\n"
    f"<frame>\n<scene>1</scene>\n<type>开始帧</type>\n<description>雨夜</description>\n<prompt>{FIRST}</prompt>\n</frame>\n"
    f"<frame>\n<scene>1</scene>\n<type>结束帧</type>\n<description>雨停</description>\n<prompt>{LAST}</prompt>\n</frame>",
    "json": f'{{"frames":[{{"scene":1,"type":"开始帧","中文说明":"雨夜","prompt_en":"{FIRST}"}},'
    f'{{"scene":1,"type":"结束帧","中文说明":"雨停","english_prompt":"{LAST}"}}]}}',
    "types in labels": f"### 第1份\n中文:雨夜\n**Jimeng Prompt(开始帧)**:{FIRST}\n**Jimeng Prompt(结束帧)**:{LAST}",
}


@pytest.mark.parametrize("kind", RECORDS)
def test_records_are_read_as_frames(kind: str) -> None:
    assert [(scene, place, prompt) for scene, place, _, prompt in _read(RECORDS[kind])] == [
        (scene, place, prompt) for scene, place, _, prompt in READ
    ]


@pytest.mark.parametrize("thought", ["<think>{}</think>", "<thinking>{}</thinking>", "{}</think>"])
def test_a_draft_in_the_models_thoughts_is_no_frame(thought: str) -> None:
    draft = thought.format("### [1] 第1份-开始帧\n**Jimeng Prompt**:a draft, never meant")
    answer = f"{draft}\n### [1] 第1份-开始帧\n**画面**:雨夜\n**Jimeng Prompt**:{FIRST}\n</frames>"
    assert _read(answer) == READ[:1]


EMPTY = [
    *("…… --ar 16:9", "……", "N/A", "无", "-", "同上,换成近景 --ar 16:9", "Same as above, but closer"),
    *("I'm sorry, I can't help with that.", "抱歉,我无法处理这个请求"),
]


@pytest.mark.parametrize("nothing", EMPTY)
def test_what_stands_in_the_place_of_a_prompt_is_a_missing_frame(nothing: str) -> None:
    answer = f"### [1]\n**Jimeng Prompt**:{nothing}\n\n### [2]\n**Jimeng Prompt**:{FIRST}"
    assert [(frame.scene_index, frame.jimeng_prompt) for frame in parse_frames(answer)] == [(2, FIRST)]


def _events(work: Callable[[], object]) -> int:
    """Lines of Python that a piece of work takes."""
    count = 0

    def count_lines(*_: object) -> object:
        nonlocal count
        count += 1
        return count_lines

    before = sys.gettrace()
    sys.settrace(count_lines)  # type: ignore[arg-type]
    try:
        work()
    finally:
        sys.settrace(before)
    return count


HARD = (
    "<think>",
    "| a | prompt |\n",
    "scene: 1\nprompt: x y z\n",
    '{"prompt":',
    "### [1] 第1份-开始帧\n",
    "**x**:[(",
    "a,b,prompt\n",
)


@pytest.mark.parametrize("piece", HARD)
def test_twice_the_text_takes_twice_the_steps(piece: str) -> None:
    once = _events(lambda: parse_frames(piece * 400))
    twice = _events(lambda: parse_frames(piece * 800))
    assert twice <= 2.4 * once

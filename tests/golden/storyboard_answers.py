"""One storyboard answer written in every damaged way that models have: each choice below is one kind of damage."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.storyboard.frames import END, START, Frame

FRAMES = (
    Frame(
        1, 1, START, "雨夜，林晚撑伞站在老街路口。", "Wide shot, a woman in a beige coat, rain --- neon, 35mm --ar 16:9"
    ),
    Frame(
        2,
        2,
        START,
        "周叔在灯下擦茶杯，目光躲闪。",
        "Medium shot, an old man, apron #8B0000, warm lamp: low key --ar 16:9",
    ),
    Frame(3, 3, START, "两人隔着柜台对峙。", "Over-the-shoulder, two people, a counter [old oak], smoke --ar 16:9"),
    Frame(
        4,
        12,
        START,
        "清晨的江边，雾很大。",
        "Extreme wide shot, river at dawn, thick fog, 2 boats, teal tones --ar 16:9",
    ),
    Frame(5, 12, END, "林晚把照片放进水里。", "Close-up, wet hands, half a photograph, ripples, soft light --ar 16:9"),
)
_CHINESE = {1: "一", 2: "二", 3: "三", 4: "四", 5: "五", 12: "十二"}
_WIDE = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))

Heading = Callable[[Frame], str]


def _heading(pattern: str) -> Heading:
    def heading(frame: Frame) -> str:
        return pattern.format(
            s=frame.sequence,
            n=frame.scene_index,
            t=frame.frame_type,
            cs=_CHINESE[frame.sequence],
            cn=_CHINESE[frame.scene_index],
            w=str(frame.scene_index).translate(_WIDE),
        )

    return heading


HEADINGS = [
    "### [{s}] 第{n}份-{t}",
    "## [{s}] 第{n}份-{t}",
    "###[{s}]第{n}份-{t}",
    "### [{s}] 第{n}份 - {t}",
    "### [{s}] 第{n}份 — {t}",
    "### 第{n}份（{t}）",
    "### [{s}] 第{n}份-[{t}]",
    "**[{s}] 第{n}份-{t}**",
    "### **[{s}] 第{n}份-{t}**",
    "### [{cs}] 第{cn}份-{t}",
    "### 【{s}】第{w}份：{t}",
    "[{s}] 第{n}份-{t}",
    "第{n}份-{t}",
    "第 {n} 份 {t}",
    "### {s}. 第{n}份-{t}",
    "### [序号{s}] 第{n}份-{t}：雨夜",
    "> ### [{s}] 第{n}份-{t}",
    "### 分镜{s}：第{n}部分 {t}",
    "## 第{n}份\n**帧类型**：{t}",
    "## 第{n}份\n#### {t}",
]
LABELS = [
    "**{label}**: {value}",
    "**{label}**：{value}",
    "**{label}：** {value}",
    "**{label}:**{value}",
    "{label}: {value}",
    "{label}：{value}",
    "- **{label}**：{value}",
    "* {label}：{value}",
    "> **{label}**：{value}",
    "**{label}**：\n{value}",
    "**{label}**\n\n{value}",
    "#### {label}\n{value}",
    "【{label}】{value}",
    "1. **{label}**：{value}",
    "   **{label}** : {value}",
    "`{label}`：{value}",
    "**{label}（详细）**：{value}",
]
NAMES = [
    ("中文辅助描述", "Jimeng Prompt"),
    ("中文描述", "即梦提示词"),
    ("中文辅助描述", "jimeng prompt"),
    ("辅助描述", "JIMENG PROMPT"),
    ("画面描述", "Jimeng提示词"),
    ("中文辅助描述", "即梦 Prompt"),
]
VALUES = [
    "{value}",
    "[{value}]",
    "【{value}】",
    "`{value}`",
    '"{value}"',
    "\n```\n{value}\n```",
    "\n```text\n{value}\n```\n",
    "{lines}",
    "**{value}**",
]
SEPARATORS = [
    "\n\n---\n\n",
    "\n",
    "\n\n",
    "\n***\n",
    "\n___\n",
    "\n——\n",
    "\n\n- - -\n\n",
    "\n======\n",
    "\n————————\n",
]
WRAPS = [
    "{answer}",
    "```markdown\n{answer}\n```",
    "```\n{answer}\n```",
    "~~~md\n{answer}\n~~~",
    "以下是提示词：\n\n角色特征：\n- 林晚：a 28-year-old woman, beige coat\n- **周叔**：an old man\n\n---\n\n{answer}",
    "### 角色特征\n\n| 角色 | 外貌 |\n|---|---|\n| 林晚 | 米色风衣 |\n\n{answer}\n\n---\n\n希望这些提示词对你有帮助！",
    "{answer}\n\n以上是全部分镜提示词，如需调整请告诉我。",
    "\n\n\n{answer}\n\n\n",
]
LINE_ENDS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: text.replace("\n", "  \n"),
    lambda text: text.replace("\n", "\n\u200b"),
    lambda text: text.replace("\n", "\r"),
]


@dataclass(frozen=True, slots=True)
class Damage:
    """One choice of each kind."""

    heading: int = 0
    label: int = 0
    name: int = 0
    value: int = 0
    separator: int = 0
    wrap: int = 0
    line_end: int = 0

    def answer(self) -> str:
        body = SEPARATORS[self.separator].join(self._section(frame) for frame in FRAMES)
        return LINE_ENDS[self.line_end](WRAPS[self.wrap].format(answer=body))

    def _section(self, frame: Frame) -> str:
        description, prompt = NAMES[self.name]
        value = VALUES[self.value].format(value=frame.jimeng_prompt, lines=frame.jimeng_prompt.replace(", ", ",\n"))
        first = LABELS[self.label].format(label=description, value=frame.chinese_description)
        second = LABELS[self.label].format(label=prompt, value=value)
        return "\n".join([_heading(HEADINGS[self.heading])(frame), first, second])


KINDS: list[Sequence[object]] = [HEADINGS, LABELS, NAMES, VALUES, SEPARATORS, WRAPS, LINE_ENDS]


def damages(count: int) -> Iterator[Damage]:
    """First every single kind of damage by itself, then combinations of all kinds."""
    for kind, choices in enumerate(KINDS):
        for choice in range(len(choices)):
            yield Damage(*[choice if at == kind else 0 for at in range(len(KINDS))])
    for seed in range(count):
        dice = random.Random(seed)
        yield Damage(*[dice.randrange(len(choices)) for choices in KINDS])


def as_json(frame: Frame) -> str:
    return json.dumps(
        {
            "sequence": frame.sequence,
            "sceneIndex": frame.scene_index,
            "frameType": frame.frame_type,
            "chineseDescription": frame.chinese_description,
            "jimengPrompt": frame.jimeng_prompt,
        },
        ensure_ascii=False,
    )

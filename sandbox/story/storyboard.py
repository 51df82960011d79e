"""The three storyboard answers and the repair answer, made from the story in the question."""

import re
from dataclasses import dataclass

from sandbox.story.cutting import cut
from sandbox.story.looking import look, visible
from sandbox.story.people import features
from sandbox.story.reading import blocks, labelled, part_count

_FOLLOWS = "（承接上一份的画面）"
_SEGMENT_HEAD = r"^## 第(\d+)份[ \t]*\n+\*\*完整剧情原文\*\*：\n"
_SEGMENT = re.compile(rf"{_SEGMENT_HEAD}(.*?)\n\n\*\*核心视觉点\*\*：", re.MULTILINE | re.DOTALL)
_KEY_FRAME = re.compile(
    r"^#+[ \t]*第(\d+)份[ \t]*-[ \t]*(开始帧|结束帧)[ \t]*\n(.*?)(?=^#+[ \t]*第\d+份|\Z)", re.MULTILINE | re.DOTALL
)
_TYPE = re.compile(r"第\s*(\d+)\s*份\s*-\s*(开始帧|结束帧)")


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame of the third answer."""

    number: int
    part: int
    kind: str
    chinese: str
    english: str

    @property
    def heading(self) -> str:
        return f"[{self.number}] 第{self.part}份-{self.kind}"


def segments(prompt: str) -> str:
    """Answer 1: every character of the story in exactly one part."""
    parts = cut(blocks(prompt).get("story", ""), part_count(prompt))
    return "\n\n".join(_segment(number, text) for number, text in enumerate(parts, 1))


def _segment(number: int, text: str) -> str:
    told = text if text.strip() else text + _FOLLOWS
    seen = look(told, told)
    focus = f"{visible(told)}（{seen.light}，{seen.shot}）"
    return f"## 第{number}份\n\n**完整剧情原文**：\n{told}\n\n**核心视觉点**：{focus}"


def parts_of(answer: str) -> list[tuple[int, str]]:
    """Number and text of each part in answer 1; a part without text of its own lends the one before."""
    parts: list[tuple[int, str]] = []
    for number, text in _SEGMENT.findall(answer):
        lent = parts[-1][1] if parts and _FOLLOWS in text else text
        parts.append((int(number), lent))
    return parts or [(1, answer)]


def key_frames(prompt: str) -> str:
    """Answer 2: one start frame per part and one end frame for the last."""
    parts = parts_of(blocks(prompt)["segments"])
    frames = [_key_frame(number, "开始帧", text) for number, text in parts]
    return "\n\n".join([*frames, _key_frame(parts[-1][0], "结束帧", parts[-1][1])])


def _key_frame(number: int, kind: str, text: str) -> str:
    moment = visible(text, last=kind == "结束帧")
    seen = look(moment + kind, text)
    description = f"{seen.shot}，{moment}。{seen.light}"
    return f"### 第{number}份-{kind}\n\n**帧类型**：{kind}\n\n**画面描述**：{description}"


def pictures(prompt: str) -> list[Picture]:
    """What answer 3 has to draw, from answer 2 and the style."""
    told = blocks(prompt)["frames"]
    style = labelled(prompt.partition("<frames>")[0] + prompt.rpartition("</frames>")[2], "画风")
    found = _KEY_FRAME.findall(told) or [("1", "开始帧", told)]
    scenes = [(int(part), kind, _description(body)) for part, kind, body in found]
    around = " ".join(text for _, _, text in scenes)
    return [_picture(number, scene, style, around) for number, scene in enumerate(scenes, 1)]


def _description(body: str) -> str:
    match = re.search(r"\*\*画面描述\*\*[：:][ \t]*(.*)", body)
    return match[1].strip() if match else visible(body)


def _picture(number: int, scene: tuple[int, str, str], style: str, around: str) -> Picture:
    part, kind, chinese = scene
    seen = look(chinese, around)
    words = [
        "Cinematic storyboard still",
        seen.english_shot,
        seen.english_scene,
        re.sub(r"\s*---+\s*", " ", chinese),
        seen.english_light,
        f"{seen.mood} mood",
        seen.lens,
        "closing moment of the story" if kind == "结束帧" else "",
        style,
        "consistent characters, rich detail, film grain",
    ]
    return Picture(number, part, kind, chinese, ", ".join(filter(None, words)) + " --ar 16:9")


def picture_prompts(prompt: str, leave_out: int = 0) -> str:
    """Answer 3 in canonical form; the last frame stays when some are left out, so that the gap is in the middle."""
    found = pictures(prompt)
    kept = found[: max(0, len(found) - 1 - leave_out)] + found[-1:]
    return canonical(kept if leave_out else found, feature_list(prompt))


def feature_list(prompt: str) -> str:
    told = " ".join(_description(body) for _, _, body in _KEY_FRAME.findall(blocks(prompt)["frames"]))
    return "## 角色特征\n\n" + "\n".join(features(told))


def repair(prompt: str) -> str:
    """Only the frames that the repair question names."""
    asked = {(int(part), kind) for part, kind in _TYPE.findall(blocks(prompt)["missing"])}
    return canonical([picture for picture in pictures(prompt) if (picture.part, picture.kind) in asked], "")


def canonical(found: list[Picture], preamble: str) -> str:
    sections = [preamble] if preamble else []
    return "\n\n---\n\n".join([*sections, *map(section, found)]) + "\n"


def section(picture: Picture) -> str:
    return f"### {picture.heading}\n\n**中文辅助描述**：{picture.chinese}\n\n**Jimeng Prompt**：{picture.english}"

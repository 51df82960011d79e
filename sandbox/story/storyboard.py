"""The answers of a storyboard model, made from the numbered story in the question."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sandbox.story.looking import look, places, visibility, visible
from sandbox.story.people import looks, names
from sandbox.story.reading import blocks

Answer = dict[str, Any]

_SENTENCE = re.compile(r"^\[(\d+)\](.*)$")
_RANGE = re.compile(r"^范围：第(\d+)句到第(\d+)句", re.MULTILINE)
_PARTS = re.compile(r"分成 (\d+) 份")
_BEAT = re.compile(r"^(\d+)-(\d+) !(\d+) (\**) (.*)$", re.MULTILINE)
_HEADING = re.compile(r"^### \[(\d+)\] 第(\d+)份-(开始帧|结束帧)$", re.MULTILINE)
_CAST = re.compile(r"^\{\{(c\d+)\}\} (.*?)：(.*)$", re.MULTILINE)
_MOMENT = re.compile(r"^要画的瞬间：(.*)$", re.MULTILINE)
_STYLE = "restrained palette, motivated light, fine grain"
_LONG_RANGE = 60


@dataclass(frozen=True, slots=True)
class Sentence:
    """One numbered line; `begins`: the author left a line empty before it."""

    number: int
    text: str
    begins: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame of the last answer, in the form that models of their own mind give it."""

    number: int
    part: int
    kind: str
    chinese: str
    english: str

    @property
    def heading(self) -> str:
        return f"[{self.number}] 第{self.part}份-{self.kind}"


def answered(prompt: str) -> Answer | None:
    """The answer to a question about a numbered story; None when it is another question."""
    found = blocks(prompt)
    if "frames" in found and "cast" in found:
        return frames(found)
    if "beats" in found:
        return parts_of_beats(prompt, found["beats"])
    if "names" in found:
        return cast(found["people"], found["names"] + found["places"], prompt)
    if "sentences" in found and "people" in found:
        return plan(prompt, found)
    return beats(prompt, found["sentences"]) if "sentences" in found else None


def numbered(block: str) -> list[Sentence]:
    found: list[Sentence] = []
    blank = False
    for line in block.split("\n"):
        if match := _SENTENCE.match(line):
            found.append(Sentence(int(match[1]), match[2], blank))
        blank = not line.strip()
    return found


def beats(prompt: str, block: str) -> Answer:
    """Every sentence of the asked range in exactly one beat, and who is there."""
    told = _RANGE.search(prompt)
    first, last = (int(told[1]), int(told[2])) if told else (1, 10**9)
    asked = [sentence for sentence in numbered(block) if first <= sentence.number <= last]
    known = names("".join(sentence.text for sentence in asked))
    most = 20 if len(asked) >= _LONG_RANGE else 4
    groups: list[list[Sentence]] = []
    for sentence in asked:
        full = len(groups[-1]) if groups else most
        if full >= most or (sentence.begins and 2 * full >= most) or not _is_told(sentence):
            groups.append([])
        groups[-1].append(sentence)
    return {"beats": [_beat(group, known) for group in groups], "people": [_mention(name, asked) for name in known]}


def _beat(group: list[Sentence], known: list[str]) -> Answer:
    text = "".join(sentence.text for sentence in group)
    best = max(group, key=lambda sentence: visibility(sentence.text))
    return {
        "first": group[0].number,
        "last": group[-1].number,
        "decisive": best.number,
        "place": next(iter(places(text)), ""),
        "time": look(best.text, text).light[:6],
        "people": [name for name in known if name in text],
        "weight": min(5, 1 + int(visibility(best.text))),
    }


def _mention(name: str, asked: list[Sentence]) -> Answer:
    named = [sentence.number for sentence in asked if name in sentence.text]
    return {"name": name, "aliases": [], "described": named[:2]}


def cast(people: str, where: str, prompt: str) -> Answer:
    """A constant look for everybody who is listed, and for the places that are named."""
    listed = [line.partition("（")[0] for line in people.split("\n") if line.strip()]
    return {
        "people": [_person(name) for name in dict.fromkeys(listed)],
        "places": [
            {"name": word, "aliases": [], "look": word, "lookEnglish": shown} for word, shown in places(where).items()
        ][:8],
        "style": _STYLE if "媒介已定为" in prompt else f"cinematic film still, {_STYLE}",
    }


def _person(name: str) -> Answer:
    chinese, english = looks(name)
    return {"name": name, "aliases": [], "look": chinese, "lookEnglish": english, "variants": []}


def plan(prompt: str, found: dict[str, str]) -> Answer:
    """Cast and parts of a short story."""
    sentences = numbered(found["sentences"])
    often = Counter(word for sentence in sentences for word in places(sentence.text))
    return cast(found["people"], " ".join(word for word, times in often.items() if times > 1), prompt) | _parts(
        prompt, [(each.number, visible(each.text) or each.text) for each in sentences if _is_told(each)] or [(1, "")]
    )


def _is_told(sentence: Sentence) -> bool:
    """Not a heading."""
    return not re.match(r"第.{1,4}[章回集]|\d+-\d+", sentence.text)


def parts_of_beats(prompt: str, block: str) -> Answer:
    """Parts of a long story, each at a beat's decisive sentence while there are enough beats."""
    found = _BEAT.findall(block)
    lines = [(int(first), int(last), int(best), said.partition("：")[2]) for first, last, best, _, said in found]
    wanted = _count(prompt)
    if len(lines) >= 2 * wanted:
        return _parts(prompt, [(best, visible(words)) for _, _, best, words in lines])
    every = [(number, visible(words)) for first, last, _, words in lines for number in range(first, last + 1)]
    return _parts(prompt, every)


def _count(prompt: str) -> int:
    match = _PARTS.search(prompt)
    return int(match[1]) if match else 1


def _parts(prompt: str, moments: list[tuple[int, str]]) -> Answer:
    """The asked number of parts, begun at moments that are evenly spread, and a closing one."""
    count, most = _count(prompt), max(1, len(moments) - 1)
    chosen = [moments[at * most // count] for at in range(count)]
    starts = [{"start": number if at else 1, "moment": moment} for at, (number, moment) in enumerate(chosen)]
    number, moment = moments[-1]
    return {"parts": starts, "end": number, "end_moment": moment}


def frames(found: dict[str, str]) -> Answer:
    """Description and prompt of every asked frame; people stand as placeholders."""
    people = {name: key for key, name, _ in _CAST.findall(found["cast"])}
    told = found["frames"]
    heads = list(_HEADING.finditer(told))
    ends = [*(head.start() for head in heads[1:]), len(told)]
    return {"frames": [_frame(head, told[head.end() : end], people) for head, end in zip(heads, ends, strict=True)]}


def _frame(head: re.Match[str], body: str, people: dict[str, str]) -> Answer:
    told = _MOMENT.search(body)
    moment = visible(told[1] if told else body)
    seen = look(moment + head[1], " ".join(sentence.text for sentence in numbered(body)))
    shown = [name for name in people if name in moment][:3]
    here = re.search(r"\bc\d+\b", body.partition("要画的瞬间")[0])
    english = moment
    if here and not shown and re.search(r"[她他]", moment):
        shown = [name for name in people if people[name] == here[0]]
        english = re.sub(r"[她他](?!们)", lambda _: shown[0], english, count=1)
    for name in shown:
        english = english.replace(name, " {{" + people[name] + "}} ", 1).replace(name, "the same person")
    closing = "the last image before the story ends" if head[3] == "结束帧" else ""
    words = [
        english,
        seen.english_scene,
        closing,
        seen.english_light,
        f"{seen.mood} mood",
        seen.english_shot,
        seen.lens,
    ]
    return {
        "frame": int(head[1]),
        "description": f"{seen.shot}，{moment}。{seen.light}",
        "prompt": ", ".join(filter(None, words)),
        "people": [people[name] for name in shown],
    }


def pictures(prompt: str) -> list[Picture]:
    """The frames of the last question as a model of its own mind would give them: looks instead of placeholders."""
    found = blocks(prompt)
    worn = {key: worn for key, _, worn in _CAST.findall(found["cast"])}
    heads = {int(number): (int(part), kind) for number, part, kind in _HEADING.findall(found["frames"])}
    return [
        Picture(
            frame["frame"],
            *heads[frame["frame"]],
            frame["description"],
            re.sub(r"\{\{(c\d+)\}\}", lambda match: worn[match[1]], frame["prompt"]) + " --ar 16:9",
        )
        for frame in frames(found)["frames"]
    ]


def feature_list(prompt: str) -> str:
    lines = [f"- {name}：{worn}" for _, name, worn in _CAST.findall(blocks(prompt)["cast"])]
    return "## 角色特征\n\n" + "\n".join(lines)


def canonical(found: list[Picture], preamble: str) -> str:
    sections = [preamble] if preamble else []
    return "\n\n---\n\n".join([*sections, *map(section, found)]) + "\n"


def section(picture: Picture) -> str:
    return f"### {picture.heading}\n\n**中文辅助描述**：{picture.chinese}\n\n**Jimeng Prompt**：{picture.english}"

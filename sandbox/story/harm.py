"""Answers in JSON as models spoil them: records dropped, doubled, swapped, beyond the story, refused, cut."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.story.storyboard import Answer

Harm = Callable[[Answer, int], str | Answer]
REFUSAL = "抱歉，我无法处理这个请求。"
_LISTS = ("beats", "parts", "frames", "people")
_NUMBERS = ("first", "last", "decisive", "start", "frame", "since")
_FAR = 100_000


def _records(answer: Answer) -> list[dict[str, Any]]:
    """The list that the question was about."""
    found: list[dict[str, Any]] = next((answer[name] for name in _LISTS if answer.get(name)), [])
    return found


def _drop(answer: Answer, number: int) -> Answer:
    records = _records(answer)
    middle = max(0, (len(records) - number) // 2)
    del records[middle : middle + number]
    return answer


def _double(answer: Answer, number: int) -> Answer:
    records = _records(answer)
    records[len(records) // 2 : len(records) // 2] = copy.deepcopy(records[len(records) // 2 :][:number])
    return answer


def _swap(answer: Answer, number: int) -> Answer:
    records = _records(answer)
    if len(records) > 1:
        at = len(records) // 2
        records[at - 1], records[at] = records[at], records[at - 1]
    return answer


def _out_of_range(answer: Answer, number: int) -> Answer:
    for record in _records(answer)[-number:]:
        record.update({name: record[name] + _FAR for name in _NUMBERS if name in record})
    return answer


def _rewrite(answer: Answer, number: int) -> Answer:
    """Words instead of sentence numbers."""
    for record in _records(answer):
        record.update({name: "她在雨夜回到老街" for name in ("first", "last", "start") if name in record})
    return answer


def _prompts(change: Callable[[str, str], str]) -> Harm:
    def spoil(answer: Answer, number: int) -> Answer:
        first = next((record["prompt"] for record in answer.get("frames", [])), "")
        for record in answer.get("frames", []):
            record["prompt"] = change(record["prompt"], first)
        return answer

    return spoil


def _prose(answer: Answer, number: int) -> str:
    words = "；".join(str(record.get("moment") or record.get("place") or "") for record in _records(answer))
    return f"好的，这段故事讲的是：{words}。整体氛围紧张，层层递进，很适合改编成短剧。"


def _cut(answer: Answer, number: int) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text[: len(text) * 6 // 10]


HARMS: dict[str, Harm] = {
    "drop": _drop,
    "missing_frames": _drop,
    "double": _double,
    "swap": _swap,
    "out_of_range": _out_of_range,
    "rewrite": _rewrite,
    "refuse": lambda answer, number: REFUSAL,
    "prose": _prose,
    "cut_json": _cut,
    "long_prompts": _prompts(lambda prompt, first: prompt + ", drifting mist over wet stones" * 40),
    "short_prompts": _prompts(lambda prompt, first: "a street"),
    "alike": _prompts(lambda prompt, first: first),
    "same_as": _prompts(lambda prompt, first: "同上，人物与地点不变，换一个角度"),
    "flags": _prompts(lambda prompt, first: f"“{prompt}” --ar 9:16 --v 6"),
    "nameless": _prompts(lambda prompt, first: re.sub(r"\{\{c\d+\}\}", "a person", prompt)),
    "strangers": _prompts(lambda prompt, first: prompt + ", {{c99}} watching from the door"),
}
# Of these many records unless the fault says how many.
_DEFAULT_NUMBER = 1


def harmed(answer: Answer, kind: str, number: int | None) -> str | Answer:
    """The answer spoiled in one way; a text where it is no JSON any more."""
    return HARMS[kind](copy.deepcopy(answer), number or _DEFAULT_NUMBER)

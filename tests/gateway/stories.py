"""A story to cut, and how tests have it cut."""

from typing import Any

import httpx

from tests.gateway.told import Told, listen
from tests.stack import Stack

PATH = "/api/intelligent-analyze-script"
STORY = (
    "雨夜，小满推开便利店的门，货架后传来一声猫叫。她循声找到一只戴着铜铃的黑猫。"
    "黑猫跃上收银台，叼走了店主遗落的怀表。小满追出门外，街灯一盏接一盏地熄灭。"
    "巷子尽头，白发老人撑着伞等她，说这只表会倒着走。她拧动表冠，雨停在半空，整座城安静下来。"
)


def form(**changes: Any) -> dict[str, Any]:
    return {"script": STORY, "sceneCount": 3} | changes


def analyse(client: httpx.Client, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    return client.post(PATH, json=form(**changes), headers=headers)


def analyse_streamed(client: httpx.Client, headers: dict[str, str] | None = None, **changes: Any) -> list[Told]:
    with client.stream("POST", PATH, params={"stream": "true"}, json=form(**changes), headers=headers) as response:
        return list(listen(response))


def questions(stack: Stack, mark: str) -> list[str]:
    """What DeepSeek was asked about a story that holds the mark, in order."""
    return [entry["body"] for entry in stack.requests("deepseek") if mark in entry["body"]]

"""Readers that do what the three old script pages do with a stream, line by line (contract §8.2)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any


def events(chunks: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Splits on an empty line, takes the first `event: ` and `data: ` line, drops what lacks one of them."""
    text = ""
    for chunk in chunks:
        text += chunk.decode()
        *whole, text = text.split("\n\n")
        for block in whole:
            name, data = "", ""
            for line in block.split("\n"):
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data = line[6:]
            if name and data and (told := json.loads(data)):
                yield name, told


class Page:
    """What a page shows. `version` 1 lacks the typewriter, 3 lacks progress bar and initial content."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.task_id = self.status = self.output = self.navigation = ""
        self.bar = (0, 0)
        self.shown: dict[int, str] = {}
        self.prompts: list[str] = []
        self.can_extract = self.extracted = False

    def read(self, chunks: Iterable[bytes]) -> None:
        for name, data in events(chunks):
            self._take(name, data)

    def _take(self, name: str, data: dict[str, Any]) -> None:
        match name:
            case "task_id":
                self.task_id = data["task_id"]
            case "status" | "error":
                self.status = data["message"]
            case "progress" | "initial_content" if self.version < 3:
                self._navigate(name, data)
            case "content_chunk" if self.version > 1:
                self.output += data["content"]
            case "episode_content":
                assert data["is_complete"] is True
                self.shown[data["episode"]] = data["content"]
            case "episode_prompts":
                self.prompts.append(f"{data['episode']}\n{data['content']}")
            case "complete":
                self._complete(data)

    def _navigate(self, name: str, data: dict[str, Any]) -> None:
        if name == "progress":
            self.bar = (data["current"], data["total"])
        else:
            self.navigation = data["content"]

    def _complete(self, data: dict[str, Any]) -> None:
        self.extracted = data["message"] == "画面描述词提取完成"
        self.can_extract = not self.extracted
        self.status = data["message"] if self.extracted else "剧本生成完成！"

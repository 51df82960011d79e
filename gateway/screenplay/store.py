"""What is written of a script, as its task's log holds it: whole parts, and the pieces of the one under way.

Whole parts are events with a key, so the index of keys finds them without reading a megabyte of pieces.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.screenplay.export import ScriptPart
from gateway.screenplay.parsing.scene_prompts import EpisodePrompts, extract
from shared.wire import loads

_PARTS = text(
    "SELECT seq, data FROM event WHERE task_id = :id AND key IS NOT NULL "
    "AND name IN ('initial_content', 'episode_content') ORDER BY seq"
)
_PIECES = text(
    "SELECT name, data FROM event WHERE task_id = :id AND seq > :after "
    "AND name IN ('content_chunk', 'episode_retry') ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class StoredScript:
    """`unfinished` is the text of the part after the last whole one."""

    parts: tuple[ScriptPart, ...]
    unfinished: str = ""

    @property
    def full_script(self) -> str:
        return full_script(self.parts)

    def episodes(self) -> list[dict[str, Any]]:
        """All parts as R1 shows them, the unfinished one last."""
        shown = [{"episode": part.episode, "content": part.content, "is_complete": True} for part in self.parts]
        if self.unfinished:
            shown.append({"episode": len(self.parts), "content": self.unfinished, "is_complete": False})
        return shown


class ScriptStore:
    """Reads scripts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def finished(self, task_id: str) -> tuple[ScriptPart, ...]:
        """The whole parts, the characters table and directory first; empty when there are none."""
        async with self._engine.connect() as connection:
            return tuple(_part(row) for row in await connection.execute(_PARTS, {"id": task_id}))

    async def whole(self, task_id: str) -> StoredScript:
        """Everything that is written."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_PARTS, {"id": task_id})).all()
            pieces = await _pieces(connection, task_id, rows[-1].seq if rows else 0)
        return StoredScript(tuple(_part(row) for row in rows), pieces)


def full_script(parts: Iterable[ScriptPart]) -> str:
    """The parts, an empty line between them."""
    return "\n\n".join(part.content for part in parts)


def extracted(parts: Iterable[ScriptPart]) -> tuple[EpisodePrompts, ...]:
    """The picture prompts of the episodes; nothing in the text of a part begins another episode."""
    return tuple(found for part in parts if part.episode for found in extract(part.content, part.episode))


async def _pieces(connection: AsyncConnection, task_id: str, after: int) -> str:
    """What was told since the last whole part, and was not taken back."""
    told: list[str] = []
    for row in await connection.execute(_PIECES, {"id": task_id, "after": after}):
        if row.name == "episode_retry":
            told.clear()
        else:
            told.append(loads(row.data)["content"])
    return "".join(told)


def _part(row: Row[Any]) -> ScriptPart:
    data = loads(row.data)
    problems = tuple(told["message"] for told in data.get("warnings", ()))
    return ScriptPart(data.get("episode", 0), data["content"], problems)

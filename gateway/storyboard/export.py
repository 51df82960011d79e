"""A storyboard as files: JSON for programs, CSV for people and their spreadsheets."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_COLUMNS = ("序号", "分镜", "帧类型", "画面描述", "提示词", "图片")
_BYTE_ORDER_MARK = "\ufeff"
# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One frame; `picture` is the name of its file in the archive, or None."""

    sequence: int
    scene: int | None
    frame_type: str
    description: str
    prompt: str
    image_id: str | None = None
    picture: str | None = None


def rows_of(frames: Sequence[dict[str, Any]], image_ids: dict[int, str]) -> list[Row]:
    """The frames as the page and the API know them, numbered by position where they carry no number."""
    return [_row(position, frame, image_ids) for position, frame in enumerate(frames, 1)]


def number_of(frame: dict[str, Any], position: int) -> int:
    """The frame's own number, or its position where it carries none."""
    given = frame.get("sequence")
    return given if isinstance(given, int) and not isinstance(given, bool) else position


def _row(position: int, frame: dict[str, Any], image_ids: dict[int, str]) -> Row:
    sequence = number_of(frame, position)
    scene = frame.get("sceneIndex")
    return Row(
        sequence,
        scene if isinstance(scene, int) else None,
        _text(frame.get("frameType")),
        _text(frame.get("chineseDescription") or frame.get("displayDescription")),
        _text(frame.get("prompt") or frame.get("jimengPrompt")),
        image_ids.get(sequence),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def as_json(task_id: str, rows: Sequence[Row]) -> bytes:
    frames = [
        {
            "sequence": row.sequence,
            "sceneIndex": row.scene,
            "frameType": row.frame_type,
            "chineseDescription": row.description,
            "prompt": row.prompt,
            "imageId": row.image_id,
            "picture": row.picture,
        }
        for row in rows
    ]
    return json.dumps({"task_id": task_id, "frames": frames}, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def as_csv(rows: Sequence[Row]) -> bytes:
    """UTF-8 with a byte order mark, as spreadsheets expect it."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = (row.sequence, row.scene or "", row.frame_type, row.description, row.prompt, row.picture or "")
        writer.writerow([_harmless(cell) for cell in cells])
    return (_BYTE_ORDER_MARK + sheet.getvalue()).encode("utf-8", "replace")


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

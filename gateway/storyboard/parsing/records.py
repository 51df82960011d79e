"""Storyboard answers that are not Markdown sections: JSON objects, or one Markdown table."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.storyboard.frames import START
from gateway.storyboard.parsing.drafts import Draft
from gateway.storyboard.parsing.marks import LABELS, MAX_SCENE, Kind, frame_type_of, heading_of, kind_of_label
from gateway.text.lines import fold, is_fence, is_rule, number

MAX_BAD_OBJECTS = 20
MAX_COLUMNS = 40
MAX_COLUMN_NAME = 24
MAX_COMMA_LINE = 8000

_TRAILING_COMMA = re.compile(r",\s*(?=[\]}])")
_OBJECT = re.compile(r"\{\s*\"")
_NOT_A_WORD = re.compile(r"[\W_]+")
_SCENE_NUMBER = re.compile(r"第? ?([0-9]{1,6}|[零一二两三四五六七八九十百]{1,6})(?![0-9])")

_FIELD = re.compile(
    r"[ \t]{0,40}(?:-[ \t]{1,4})?(?:<(?P<tag>[\w-]{1,30})>(?P<inner>[^<]*)(?:</[\w-]{1,30}>)?[ \t]*$"
    r"|[\"']?(?P<key>[\w \-]{1,30})[\"']?[ \t]?[:：](?P<value>.*))"
)
_BLOCK_MARKS = frozenset(("|", ">", "|-", ">-"))

_FIELDS = {_NOT_A_WORD.sub("", name): kind.name for name, kind in LABELS.items() if kind is not Kind.OTHER}
_FIELDS |= dict.fromkeys(("frametype", "type", "类型", "帧"), "FRAME_TYPE")
_FIELDS |= dict.fromkeys(("sceneindex", "scene", "part", "segment", "份", "份数", "部分", "所属份"), "SCENE")
_FIELDS |= dict.fromkeys(("heading", "title", "标题", "name", "份帧类型", "位置"), "HEADING")
_FIELDS |= dict.fromkeys(("中文", "画面", "中文描述词"), "DESCRIPTION") | dict.fromkeys(("提示语", "jimeng"), "PROMPT")


def drafts_from_json(lines: Sequence[str]) -> list[Draft]:
    """Drafts from every JSON object that holds a prompt, in order; also from an array that was cut off."""
    if not any("{" in line for line in lines):
        return []
    body = _TRAILING_COMMA.sub("", "\n".join(line for line in lines if not is_fence(line)))
    return [draft for value in _values(body) for draft in _drafts(value)]


def drafts_from_table(lines: Sequence[str]) -> list[Draft]:
    """Drafts from the rows of a Markdown table whose header names a prompt column."""
    drafts: list[Draft] = []
    header: list[str] = []
    for line in lines:
        cells = _cells(line) or _comma_cells(line)
        names = [_field_name(cell) for cell in cells]
        if "PROMPT" in names and ("|" in line or "｜" in line or _are_column_names(cells, names)):
            header = names
        elif header and cells:
            drafts.extend(_row(header, cells))
    return drafts


def _row(header: list[str], cells: list[str]) -> Iterator[Draft]:
    draft = _draft(dict(zip(header, cells, strict=False)))
    if draft and set("".join(draft.prompt)) - set("-: "):
        yield draft


def _cells(line: str) -> list[str]:
    if "|" not in line and "｜" not in line:
        return []
    cells = line.replace("｜", "|").strip(" |").split("|", MAX_COLUMNS)
    return [cell.strip(" *`") for cell in cells] if len(cells) > 1 else []


def _are_column_names(cells: list[str], names: list[str]) -> bool:
    return len(list(filter(None, names))) > 1 and all(0 < len(cell) <= MAX_COLUMN_NAME for cell in cells)


def _comma_cells(line: str) -> list[str]:
    if "," not in line or len(line) > MAX_COMMA_LINE:
        return []
    try:
        cells = next(csv.reader([line]), [])
    except csv.Error:
        return []
    return [cell.strip(" *`") for cell in cells[:MAX_COLUMNS]] if len(cells) > 1 else []


def drafts_from_fields(lines: Sequence[str]) -> list[Draft]:
    """Drafts from YAML mappings and from XML elements, a field a line; a field told again begins the next frame."""
    drafts: list[Draft | None] = []
    fields: dict[str, Any] = {}
    open_name = ""
    for line in lines:
        found = _FIELD.match(line)
        name = _field_name(found["tag"] or found["key"]) if found else ""
        if name in fields:
            drafts.append(_placed_draft(fields))
            fields = {}
        if found and name:
            fields[name] = _scalar(found["inner"] or found["value"] or "")
            open_name = name if fields[name] == "" else ""
        elif not line.strip() or line.lstrip()[:1] == "#" or is_rule(line):
            open_name = ""
        elif open_name:
            fields[open_name] += f"{line.strip()}\n"
    drafts.append(_placed_draft(fields))
    return [draft for draft in drafts if draft]


def _placed_draft(fields: dict[str, Any]) -> Draft | None:
    """Lines with colons are records only where they say which frame they are."""
    return _draft(fields) if fields.keys() & {"SCENE", "HEADING", "FRAME_TYPE"} else None


def _scalar(value: str) -> str:
    words = value.strip().rstrip(",").strip()
    return "" if words in _BLOCK_MARKS else words.strip("\"'")


def _values(body: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    try:
        yield decoder.decode(body)
    except (ValueError, RecursionError):
        yield from _scattered(body, decoder)


def _scattered(body: str, decoder: json.JSONDecoder) -> Iterator[Any]:
    position, failures = 0, 0
    while failures < MAX_BAD_OBJECTS and (found := _OBJECT.search(body, position)):
        try:
            value, position = decoder.raw_decode(body, found.start())
            yield value
        except (ValueError, RecursionError):
            failures += 1
            position = found.end()


def _drafts(root: Any) -> Iterator[Draft]:
    pending = [root]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            draft = _draft({_field_name(key): item for key, item in value.items()})
            if draft:
                yield draft
                continue
            value = list(value.values())
        if isinstance(value, list):
            pending.extend(reversed(value))


def _field_name(key: str) -> str:
    name = _NOT_A_WORD.sub("", fold(key[:40]))
    kind = None if name in _FIELDS or len(key) > MAX_COLUMN_NAME else kind_of_label(name)
    return _FIELDS.get(name) or (kind.name if kind in (Kind.PROMPT, Kind.DESCRIPTION) else "")


def _draft(fields: dict[str, Any]) -> Draft | None:
    prompt = fields.get("PROMPT")
    if isinstance(prompt, list):
        prompt = ", ".join(filter(None, map(_words, prompt)))
    if not isinstance(prompt, str) or not prompt.strip():
        return None
    heading = heading_of(_words(fields.get("HEADING")) or _words(fields.get("SCENE")), marked=True)
    frame_type = frame_type_of(_words(fields["FRAME_TYPE"])) if "FRAME_TYPE" in fields else None
    scene = _scene(fields.get("SCENE")) or (heading.scene if heading else None)
    draft = Draft(scene, frame_type or (heading.frame_type if heading else None) or START)
    draft.prompt.append(prompt)
    draft.description.append(_words(fields.get("DESCRIPTION")))
    return draft


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _scene(value: Any) -> int | None:
    if isinstance(value, str):
        found = _SCENE_NUMBER.match(fold(value.strip(" []【】")))
        value = number(found.group(1)) if found else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_SCENE else None

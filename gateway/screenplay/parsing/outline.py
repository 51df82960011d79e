"""What later episodes are told of the directory answer: the title, the characters table and the directory lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.text.lines import NUMERAL, fold, is_fence, is_rule, lines_of, undecorated

FALLBACK_CHARACTERS = 5000

_TITLE = re.compile(r"《[^《》\n]{1,100}》")
_NAME_CELLS = frozenset({"角色名称", "角色名", "角色姓名", "角色", "姓名", "人物", "人物姓名", "名称", "名字"})
_EPISODE_CELLS = re.compile(r"(?:分?集|集数|集次|集号|序号|剧集|episode).{0,4}")
_DIRECTORY = re.compile(r"(?:短剧)?分集(?:目录|大纲|梗概)|短剧目录|剧集目录|^目录$")
_EPISODE = re.compile(rf"(?:第 ?{NUMERAL} ?集(?!团军)|(?:ep|episode) ?[0-9]{{1,4}})")
_NUMBERED = re.compile(r"[0-9]{1,3} ?(?:集|[.、:)]) ?\S")
_DIVIDER = frozenset("|-: +")


@dataclass(frozen=True, slots=True)
class OutlineContext:
    """`fallback` is the beginning of the answer, kept only when neither table nor directory was found in it."""

    title: str
    table: tuple[str, ...]
    directory: tuple[str, ...]
    fallback: str = ""

    def as_text(self) -> str:
        parts = [self.title, "\n".join(self.table), "\n".join(self.directory)]
        return self.fallback or "\n\n".join(part for part in parts if part)


def context_from(directory_text: str) -> OutlineContext:
    """Takes title, table and directory lines out of the answer, whatever Markdown they stand in."""
    lines = [line for line in lines_of(directory_text) if not is_fence(line)]
    title = _TITLE.search("\n".join(lines))
    table = tuple(_table(lines))
    directory = tuple(_directory(lines))
    whole = "" if table or directory else "\n".join(lines).strip()[:FALLBACK_CHARACTERS]
    return OutlineContext(title.group() if title else "", table, directory, whole)


def _cells(line: str) -> list[str]:
    if "|" not in line and "｜" not in line:
        return []
    return [cell.strip(" *_`") for cell in fold(line).strip(" >|").split("|")]


def _table(lines: Sequence[str]) -> Iterator[str]:
    """The first table whose header names the characters; one blank line between its rows is forgiven."""
    start = next((at for at, line in enumerate(lines) if _is_people_header(line)), len(lines))
    blanks = 0
    for line in lines[start:]:
        blanks = 0 if line.strip() else blanks + 1
        if blanks > 1 or (line.strip() and not _cells(line)) or _is_episode_row(line):
            return
        if line.strip():
            yield line.strip()


def _is_people_header(line: str) -> bool:
    cells = _cells(line)
    return len(cells) > 1 and any(cell in _NAME_CELLS for cell in cells[:2])


def _is_episode_row(line: str) -> bool:
    cells = _cells(line)
    return len(cells) > 1 and bool(_EPISODE.match(cells[0]) or _EPISODE_CELLS.fullmatch(cells[0]))


def _directory(lines: Sequence[str]) -> list[str]:
    """Every line of the directory; what stands under its heading wins over lines elsewhere."""
    start = next((at + 1 for at, line in enumerate(lines) if _is_directory_heading(line)), 0)
    below = lines[start:]
    return _episode_lines(below) or _directory_table(below) or (_numbered(below) if start else []) or _elsewhere(lines)


def _elsewhere(lines: Sequence[str]) -> list[str]:
    return _episode_lines(lines) or _directory_table(lines)


def _is_directory_heading(line: str) -> bool:
    words = fold(undecorated(line)).strip(" []:")
    return len(words) <= 30 and bool(_DIRECTORY.search(words))


def _episode_lines(lines: Sequence[str]) -> list[str]:
    return [words for line in lines if (words := _episode_line(line))]


def _episode_line(line: str) -> str:
    if (cells := _cells(line)) and _EPISODE.match(cells[0]):
        return line.strip()
    words = undecorated(line).replace("**", "").lstrip("[【")
    return words if _EPISODE.match(fold(words)) else ""


def _directory_table(lines: Sequence[str]) -> list[str]:
    """Rows of a table whose first column only counts: `| 1 | 重逢 | … |`."""
    start = next((at for at, line in enumerate(lines) if _is_episode_row(line)), len(lines))
    rows: list[str] = []
    for line in lines[start:]:
        if not _cells(line):
            break
        if not is_rule(line) and set(line) - _DIVIDER:
            rows.append(line.strip())
    return rows if len(rows) > 1 else []


def _numbered(lines: Sequence[str]) -> list[str]:
    """`1. 重逢：…` under the heading of the directory."""
    return [line.strip() for line in lines if _NUMBERED.match(fold(line.strip(" *")))]

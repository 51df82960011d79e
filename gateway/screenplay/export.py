"""A finished script as a document to keep: Markdown, or plain text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.screenplay.parsing.script_lines import Kind, line_of
from gateway.text.lines import fold, is_fence, is_rule, lines_of

_TITLE = re.compile(r"《[^《》\n]{1,100}》")
_ROW = re.compile(r"[ \t]*[|｜]")
_DIVIDER = frozenset("|-: \t")


@dataclass(frozen=True, slots=True)
class ScriptPart:
    """`episode` 0 is the characters table and directory; `problems` is what it is not as it was ordered."""

    episode: int
    content: str
    problems: tuple[str, ...] = ()


def as_markdown(parts: Iterable[ScriptPart]) -> str:
    """Headings for title, episodes and scenes; tables as they are; picture prompts as quotes, never as headings."""
    ordered = _ordered(parts)
    blocks = [f"# {_title(ordered)}", *(block for part in ordered for block in _markdown(part))]
    return "\n\n".join(blocks) + "\n"


def as_plain_text(parts: Iterable[ScriptPart]) -> str:
    """No Markdown: tables as cells between bars, picture prompts behind 【画面】."""
    return "\n\n\n".join("\n".join(_plain(part)) for part in _ordered(parts)) + "\n"


def _ordered(parts: Iterable[ScriptPart]) -> list[ScriptPart]:
    return sorted((part for part in parts if part.content.strip()), key=lambda part: part.episode)


def _title(parts: Sequence[ScriptPart]) -> str:
    found = next((match for part in parts if (match := _TITLE.search(part.content))), None)
    return found.group() if found else "剧本"


def _markdown(part: ScriptPart) -> Iterator[str]:
    yield f"## 第{part.episode}集" if part.episode else "## 角色与目录"
    rows: list[str] = []
    for line in _content_lines(part):
        if _ROW.match(line):
            rows.append(line.strip())
            continue
        yield from _table(rows)
        rows = []
        if line and not is_rule(line):
            yield _markdown_line(line)
    yield from _table(rows)


def _table(rows: Sequence[str]) -> Iterator[str]:
    if rows:
        yield "\n".join(rows)


def _markdown_line(line: str) -> str:
    mark = line_of(line)
    if mark.kind is Kind.PROMPT:
        return f"> **画面提示词**：{mark.text}"
    if mark.kind is Kind.SCENE:
        return f"### {_bare(line)}"
    return re.sub(r"^#+ *", "### ", line.strip())


def _plain(part: ScriptPart) -> Iterator[str]:
    for line in _content_lines(part):
        if _ROW.match(line):
            if set(line) - _DIVIDER:
                yield " | ".join(cell.strip(" *") for cell in line.strip(" \t|｜").replace("｜", "|").split("|"))
            continue
        mark = line_of(line)
        yield f"【画面】{mark.text}" if mark.kind is Kind.PROMPT else _bare(line)


def _content_lines(part: ScriptPart) -> list[str]:
    lines = [line for line in lines_of(part.content) if not is_fence(line)]
    start = next((at for at, line in enumerate(lines) if line), 0)
    end = next((at for at in range(len(lines), 0, -1) if lines[at - 1]), 0)
    return lines[start:end]


def _bare(line: str) -> str:
    """The line without heading marks and emphasis."""
    return line.replace("**", "").lstrip("# ") if "*" in line or fold(line[:1]) == "#" else line

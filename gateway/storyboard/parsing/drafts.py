"""Gathers the marks of a storyboard answer into drafts of frames, one line after the other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.storyboard.frames import END, START, Frame
from gateway.storyboard.parsing.marks import Kind, Mark, frame_type_of
from gateway.storyboard.parsing.values import is_worded, says_nothing, tidy
from gateway.text.lines import fold, is_cjk

_PARAMETERS_AT_END = re.compile(r"--[a-z]{1,10} [0-9:.a-z]{1,12}[*`_ .\]]{0,8}$")
_CHATTER = re.compile(
    r"\(?(?:希望|以上|如果|如需|请注意|注意|注:|说明:|备注|需要我|总结)"
    r"|note:|hope |these |let me |i hope|if you |feel free"
)
_MIN_LOOSE_PROMPT = 20


@dataclass(slots=True)
class Draft:
    """A frame while it is read. `headed`: it began with a heading of its own."""

    scene: int | None = None
    frame_type: str | None = None
    title: str = ""
    headed: bool = False
    description: list[str] = field(default_factory=list)
    prompt: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)

    def prompt_text(self) -> str:
        told = tidy("\n".join(self.prompt))
        return "" if says_nothing(told) else told or self._loose_prompt()

    def description_text(self) -> str:
        return tidy("\n".join(self.description)) or self._loose_description() or self.title

    def _loose_prompt(self) -> str:
        """The model left the labels out: its English line is the prompt."""
        english = [line for line in self.loose if len(line) >= _MIN_LOOSE_PROMPT and not any(map(is_cjk, line))]
        return tidy(english[-1]) if english else ""

    def _loose_description(self) -> str:
        if self.prompt:
            return ""
        return tidy("\n".join(line for line in self.loose if any(map(is_cjk, line))))


class Drafts:
    """Reads marks in order; `frames()` gives what has a prompt."""

    def __init__(self, done: Iterable[Draft] = ()) -> None:
        self._done = list(done)
        self._draft = Draft()
        self._part: int | None = None
        self._field: list[str] | None = None
        self._value_fence = False
        self._gap = False

    def read(self, mark: Mark) -> None:
        match mark.kind:
            case Kind.TEXT:
                self._text(mark.text, listed=mark.listed)
            case Kind.HEADING:
                self._heading(mark)
            case Kind.DESCRIPTION | Kind.PROMPT:
                self._label(mark)
            case Kind.FRAME_TYPE:
                self._draft.frame_type = frame_type_of(mark.text)
                self._leave_field()
            case Kind.FENCE:
                self._fence()
            case Kind.BLANK:
                self._gap = True
            case Kind.RULE | Kind.OTHER:
                self._boundary()

    def frames(self) -> list[Frame]:
        frames: list[Frame] = []
        left_out = 0
        for draft in [*self._done, self._draft]:
            if not draft.prompt_text():
                left_out += bool(draft.prompt)
                continue
            frame = _frame(draft, frames, left_out)
            if not any(_same(frame, earlier) for earlier in frames[-2:]):
                frames.append(frame)
        return frames

    def _heading(self, mark: Mark) -> None:
        if mark.scene is None and mark.frame_type and self._draft.headed and not self._has_fields():
            self._draft.frame_type = mark.frame_type
            self._leave_field()
            return
        self._next(Draft(mark.scene, mark.frame_type, mark.text, headed=True))
        if mark.scene is not None:
            self._part = mark.scene
        elif mark.frame_type:
            self._draft.scene = self._part

    def _label(self, mark: Mark) -> None:
        if mark.weak and not (self._draft.headed or self._has_fields()):
            self._text(mark.text)
            return
        is_prompt = mark.kind is Kind.PROMPT
        if is_prompt and mark.frame_type and self._draft.prompt:
            self._next(Draft(self._draft.scene, mark.frame_type, headed=True))
        elif is_prompt and mark.frame_type:
            self._draft.frame_type = mark.frame_type
        if self._draft.prompt if is_prompt else self._draft.description or self._ended():
            self._next(Draft())
        self._field = self._draft.prompt if is_prompt else self._draft.description
        self._value_fence = mark.text.startswith("```") and not mark.text.strip("`")
        self._gap = False
        if mark.text.strip("`"):
            self._field.append(mark.text)

    def _ended(self) -> bool:
        return bool(self._draft.prompt) and not self._draft.headed

    def _text(self, text: str, *, listed: bool = False) -> None:
        if self._field is None:
            if self._draft.headed:
                self._draft.loose.append(text)
            return
        if self._gap and self._field and _is_over(self._field[-1], text):
            self._leave_field()
            return
        self._gap = False
        if listed and self._field and is_worded(self._field[-1][-1:]):
            self._field[-1] += ","
        self._field.append(text)

    def _fence(self) -> None:
        if self._field is not None and not self._field and not self._value_fence:
            self._value_fence = True
        else:
            self._leave_field()

    def _boundary(self) -> None:
        self._leave_field()
        if self._draft.prompt:
            self._next(Draft())

    def _next(self, draft: Draft) -> None:
        if self._has_fields() or self._draft.loose:
            self._done.append(self._draft)
        self._draft = draft
        self._leave_field()

    def _leave_field(self) -> None:
        self._field = None
        self._value_fence = False
        self._gap = False

    def _has_fields(self) -> bool:
        return bool(self._draft.prompt or self._draft.description)


def _is_over(last: str, text: str) -> bool:
    return bool(_PARAMETERS_AT_END.search(fold(last[-40:])) or _CHATTER.match(fold(text)))


def _frame(draft: Draft, before: list[Frame], left_out: int) -> Frame:
    """`left_out`: frames before it that say no prompt; a frame without a number counts them."""
    position = len(before) + 1
    scene = draft.scene
    if scene is None and draft.frame_type == END and before:
        scene = before[-1].scene_index
    return Frame(
        position, scene or position + left_out, draft.frame_type or START, draft.description_text(), draft.prompt_text()
    )


def _same(one: Frame, other: Frame) -> bool:
    return one.place == other.place and one.jimeng_prompt == other.jimeng_prompt

"""What is wrong with a picture prompt, in words that can be told to the model and to the user."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.storyboard.templates import placeholders

SHORTEST, LONGEST = 40, 800
ALIKE = 0.9
_GRAM = 3
_REFUSAL = re.compile(
    r"抱歉|对不起|(?:我|作为).{0,12}(?:无法|不能|没办法)(?:处理|生成|提供|回答|完成|协助|创作|继续|满足|画)"
    r"|无法(?:处理|提供|协助|满足)"
    r"|(?i:i(?:'|’)?m sorry|i am sorry|i can(?:'|’)?t|i cannot|as an ai|unable to (?:help|assist))"
)
_SAME_AS = re.compile(r"同上|同前|(?i:same as (?:above|before|previous)|as above|\bditto\b)")
_NOTHING = re.compile(r"(?:n/?a|none|null|无|暂无|略|省略|[-—.…。·\s]*|(?:…|\.{3})+.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is for programs, `reason` for people and for the model that is asked again."""

    code: str
    reason: str


def is_refusal(text: str) -> bool:
    """Whether a short text, or the beginning of a long one, says no."""
    return bool(_REFUSAL.search(text[:120]))


def is_nothing(text: str) -> bool:
    """What stands where nothing was written."""
    return bool(_NOTHING.fullmatch(text.strip()))


def fault_of(body: str, filled: str, people: Sequence[str], known: Iterable[str], tail: int = 0) -> Fault | None:
    """The worst fault of one prompt: `body` as the model wrote it, `filled` with the looks, `people` it must show.

    `tail` is the length of the style line that will follow.
    """
    if is_nothing(body) or _SAME_AS.search(body):
        return Fault("PROMPT_EMPTY", "没有写出完整的提示词")
    if is_refusal(body):
        return Fault("PROMPT_REFUSED", "模型拒绝为这一帧写提示词")
    named = placeholders(body)
    if unknown := sorted(set(named) - set(known)):
        return Fault("PLACEHOLDER_UNKNOWN", f"用了不存在的占位符：{'、'.join(unknown)}")
    if absent := [person for person in people if person not in named]:
        return Fault("LOOK_MISSING", f"缺少人物占位符：{'、'.join(absent)}")
    return _length_fault(len(filled), tail)


def _length_fault(length: int, tail: int) -> Fault | None:
    if length < SHORTEST:
        return Fault("PROMPT_TOO_SHORT", f"提示词太短（{length}个字符，至少{SHORTEST}）")
    if length + tail > LONGEST:
        return Fault("PROMPT_TOO_LONG", f"提示词太长（{length + tail}个字符，最多{LONGEST}）")
    return None


def alike(bodies: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of positions whose texts are nearly the same; each text is named against its first like only."""
    grams = [{body[at : at + _GRAM] for at in range(len(body) - _GRAM + 1)} for body in bodies]
    pairs = []
    for later in range(len(grams)):
        for earlier in range(later):
            one, other = grams[earlier], grams[later]
            # Sets of very different size cannot be alike.
            if min(len(one), len(other)) < ALIKE * max(len(one), len(other)) or not one:
                continue
            if len(one & other) >= ALIKE * len(one | other):
                pairs.append((earlier, later))
                break
    return pairs

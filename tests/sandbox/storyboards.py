"""The questions about a story that the gateway asks, for the sandbox to answer."""

from dataclasses import replace

from gateway.storyboard import questions
from gateway.storyboard.board import Board, Story, shots_of
from gateway.storyboard.cast import Cast, NamedPeople, Person
from gateway.storyboard.cover import Beat
from gateway.storyboard.sentences import Sentences, sentences_of
from gateway.storyboard.windows import Window

STORY = """雨夜，林晚推开咖啡馆的门，雨水顺着伞尖滴落。她抬头，看见窗边坐着一个熟悉的背影。

“你终于来了。”顾言说。他把一封信推到她面前，烛光在他脸上晃动。
林晚没有坐下。三年前的那个雪夜，他就是这样离开的。她握紧了口袋里的钥匙，转身想走。
顾言站起来追到门口：“如果你走了，就永远不会知道真相。”街上的灯一盏盏熄灭。她回头，眼泪落了下来。"""
LOOKS = {"林晚": "a 28-year-old woman with wavy hair, beige coat", "顾言": "a 30-year-old man in a white shirt"}
_PEOPLE = tuple(Person(f"c{number}", name, (), "", look) for number, (name, look) in enumerate(LOOKS.items(), 1))


def numbered(story: str = STORY, parts: int = 1) -> Sentences:
    return sentences_of(story, parts + 1)


def read_question(story: str = STORY, first: int = 1, last: int = 0) -> str:
    text = numbered(story)
    return questions.reading(text, Window(first, last or len(text))).prompt


def plan_question(story: str, parts: int, style: str | None = None) -> str:
    named = NamedPeople()
    named.seen(LOOKS)
    return questions.plan(numbered(story, parts), Story(story, parts, style), named, [], parts).prompt


def parts_question(story: str, parts: int, beats: list[Beat]) -> str:
    return questions.parts(numbered(story, parts), Story(story, parts), beats, parts).prompt


def frame_question(story: str = STORY, parts: int = 3, only: int | None = None) -> str:
    """All frames of a story cut evenly, or only one of them."""
    text = numbered(story, parts)
    firsts = [1 + len(text) * at // (parts + 1) for at in range(parts + 1)]
    shots = [replace(shot, people=_PEOPLE) for shot in shots_of(text, firsts, [text.line(at) for at in firsts])]
    board = Board(text, [], Cast(_PEOPLE), shots)
    return questions.frames(board, Story(story, parts), [shots[only - 1]] if only else shots).prompt

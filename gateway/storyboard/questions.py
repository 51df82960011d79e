"""What the storyboard model is asked; the words are in `prompts/*.md`, the shapes of its answers in `schemas.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.storyboard import schemas
from gateway.storyboard.board import Board, Shot, Story
from gateway.storyboard.cast import NamedPeople, Person
from gateway.storyboard.cover import Beat
from gateway.storyboard.schemas import Schema
from gateway.storyboard.sentences import Sentences
from gateway.storyboard.windows import Window, excerpt, shown
from gateway.text.lines import is_cjk
from gateway.text.templating import fill, template

STYLE_WORDS = {
    "anime": "anime style",
    "realistic": "photorealistic style",
    "cyberpunk": "cyberpunk style",
    "traditional": "traditional chinese painting style",
    "manga": "manga style",
    "korean": "korean webtoon style",
    "3d": "3d render style",
    "chibi": "chibi style",
}
_EXCERPT = 320
_DESCRIPTIONS = 3
_LONGEST_DESCRIPTION = 80
_LONGEST_DECISIVE = 40
# A book has more names than a cast; those beyond are told apart by nobody.
_MOST_NAMES = 80


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `name` is what the answer is called where a vendor has tools, `max_tokens` its budget."""

    name: str
    prompt: str
    schema: Schema
    max_tokens: int
    temperature: float = 0.7

    def again(self, reason: str, *, longer: bool = False) -> "Question":
        """The same once more, with what was wrong."""
        prompt = self.prompt.rstrip("\n") + _filled("again", reason=reason)
        return replace(self, prompt=prompt, max_tokens=self.max_tokens * (2 if longer else 1))


def reading(text: Sentences, window: Window) -> Question:
    """What happens in a window, and who is there."""
    sentences = shown(text, window.first, window.last)
    prompt = _filled("reading", first=window.first, last=window.last, sentences=sentences)
    return Question("report_beats", prompt, schemas.READING, min(4000, 1000 + 20 * (window.last - window.first)), 0.2)


def plan(text: Sentences, story: Story, named: NamedPeople, given: Sequence[Person], parts: int) -> Question:
    """Cast, style and parts of a short story in one question."""
    prompt = _filled(
        "plan",
        scene_count=parts,
        cast_rules=_cast_rules(story),
        parts_rules=_parts_rules(text, story, parts),
        people=_people_lines(text, named, named.names(), given),
        sentences=shown(text, 1, len(text)),
    )
    return Question("report_plan", prompt, schemas.PLAN, 1500 + 250 * len(named.times) + 80 * parts)


def cast(text: Sentences, story: Story, named: NamedPeople, names: Sequence[str], known: "CastKnown") -> Question:
    """How some of the people look, and the places, which may be none."""
    prompt = _filled(
        "cast",
        cast_rules=_cast_rules(story),
        names="、".join(named.names(_MOST_NAMES)),
        people=_people_lines(text, named, names, known.given),
        places="\n".join(known.places),
    )
    return Question("report_cast", prompt, schemas.CAST, 800 + 220 * len(names) + 120 * len(known.places))


def parts(text: Sentences, story: Story, beats: Iterable[Beat], count: int) -> Question:
    """Where the parts of a long story begin."""
    lines = "\n".join(_beat_line(text, beat) for beat in beats)
    rules = _parts_rules(text, story, count)
    prompt = _filled("parts", scene_count=count, parts_rules=rules, beats=lines)
    return Question("report_parts", prompt, schemas.PARTS, 500 + 80 * count)


def frames(board: Board, story: Story, shots: Sequence[Shot]) -> Question:
    """Descriptions and prompts of some of the board's frames."""
    ratio = story.ratio
    people = {person.id: (person, shot.first) for shot in reversed(shots) for person in shot.people}
    places = {place.id: place for shot in shots if (place := board.cast.place(shot.place))}
    prompt = _filled(
        "frames",
        aspect_ratio=ratio,
        aspect_rule=_aspect_rule(ratio),
        language=language_of(story),
        cast="\n".join(_cast_line(person, first) for person, first in people.values()),
        places="\n".join(f"{place.id} {place.name}：{place.look_english}" for place in places.values()),
        frames="\n\n".join(_shot(board, shot, shots) for shot in shots),
    )
    return Question("report_frames", prompt, schemas.FRAMES, 500 + 450 * len(shots))


@dataclass(frozen=True, slots=True)
class CastKnown:
    """What is known before a cast is asked for: the caller's own people, and lines about the places."""

    given: Sequence[Person] = ()
    places: Sequence[str] = ()


def style_words(style: str | None) -> str:
    """English words for the picture model; none for a missing or `default` style, an unknown style literally."""
    name = (style or "").strip()
    return "" if name == "default" else STYLE_WORDS.get(name, name)


def language_of(story: Story) -> str:
    """In what language descriptions are written: the asked one, else the story's."""
    if story.language:
        return story.language
    sample = story.script[:2000]
    return "中文" if sum(map(is_cjk, sample)) * 5 > len(sample) else "故事所用的语言"


def _cast_rules(story: Story) -> str:
    words = style_words(story.style)
    rule = f"媒介已定为 {words}，这里只写与它相配的色调、质感和光，不再写媒介。" if words else ""
    return _filled("cast_rules", language=language_of(story), style_rule=rule).rstrip("\n")


def _parts_rules(text: Sentences, story: Story, count: int) -> str:
    last_start = max(1, len(text) - 1)
    values: Mapping[str, str | int] = {"scene_count": count, "last_start": last_start, "language": language_of(story)}
    return _filled("parts_rules", **values).rstrip("\n")


def _people_lines(text: Sentences, named: NamedPeople, names: Iterable[str], given: Sequence[Person]) -> str:
    """One line a person; what the caller fixed comes first."""
    fixed = [f"{person.name}（样子已定：{person.look or person.look_english or '由你定'}）" for person in given]
    known = {person.name for person in given}
    return "\n".join([*fixed, *(_person_line(text, named, name) for name in names if name not in known)])


def _person_line(text: Sentences, named: NamedPeople, name: str) -> str:
    numbers = [number for number in sorted(set(named.described.get(name, ()))) if 1 <= number <= len(text)]
    described = [f"[{number}]{text.line(number)[:_LONGEST_DESCRIPTION]}" for number in numbers[:_DESCRIPTIONS]]
    others = "、".join(sorted(named.aliases.get(name, ()))[:5])
    called = f"，又叫{others}" if others else ""
    return f"{name}（{named.times[name]}次{called}）{''.join(described)}"


def _beat_line(text: Sentences, beat: Beat) -> str:
    marks, people = "*" * beat.weight, "、".join(beat.people)
    shown_line = text.line(beat.decisive)[:_LONGEST_DECISIVE]
    return f"{beat.first}-{beat.last} !{beat.decisive} {marks} {beat.place} {beat.time} {people}：{shown_line}"


def _cast_line(person: Person, sentence: int) -> str:
    return f"{{{{{person.id}}}}} {person.name}：{person.look_at(sentence) or '（样子未定，用几个词带过）'}"


def _shot(board: Board, shot: Shot, shown_shots: Sequence[Shot]) -> str:
    """A shot with its text; neighbours that are not in the same question give their moment."""
    known = {each.number for each in shown_shots}
    by_number = {each.number: each for each in board.shots}
    lines = [f"### {shot.heading}"]
    where = " · ".join(filter(None, (shot.place, shot.time, "、".join(person.id for person in shot.people))))
    lines += [where] if where else []
    for label, number in (("前一帧", shot.number - 1), ("后一帧", shot.number + 1)):
        if number in by_number and number not in known and by_number[number].moment:
            lines.append(f"{label}：{by_number[number].moment}")
    lines += [f"要画的瞬间：{shot.moment}"] if shot.moment else []
    first = min(shot.first, len(board.text))
    lines.append(excerpt(board.text, first, max(first, shot.last), _EXCERPT))
    return "\n".join(lines)


def _aspect_rule(ratio: str) -> str:
    width, _, height = ratio.partition(":")
    if not (width.isdecimal() and height.isdecimal()) or int(width) == int(height):
        return "人物居中或略偏，四周留出呼吸的空间。"
    if int(width) < int(height):
        return "竖幅靠纵深和人脸讲故事：前后叠放，横排最多两个人，多用近景与特写，头顶和脚下留空。"
    return "横幅靠左右的距离和关系讲故事：给视线与动作的方向留空，用前景框住人物。"


def _filled(name: str, **values: str | int) -> str:
    return fill(template("gateway.storyboard", name), values)


def neighbours(prompts: Mapping[int, str], number: int) -> list[str]:
    """Finished prompts beside a frame, as a pattern for the one that is asked again."""
    return [f"第{near}帧已定：{prompts[near]}" for near in (number - 1, number + 1) if near in prompts]

"""Takes the picture prompts out of a script, per episode and scene, whatever Markdown they stand in."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.screenplay.parsing.prompt_extractor import PromptExtractor
from gateway.screenplay.parsing.script_lines import line_of
from gateway.text.lines import lines_of


@dataclass(frozen=True, slots=True)
class Prompt:
    """`index` counts all prompts of its scene from 0, empty ones too; `text` begins with one `#`."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ScenePrompts:
    """`id` is written as in `场次1-2`."""

    id: str
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class EpisodePrompts:
    """The scenes of an episode that have prompts, ascending."""

    episode: int
    scenes: tuple[ScenePrompts, ...]


def extract(script_text: str, episode: int | None = None) -> tuple[EpisodePrompts, ...]:
    """The episodes that have prompts, ascending; text of a known `episode` belongs to it, whatever it says."""
    walk = PromptExtractor(episode)
    walk.read([line_of(line) for line in lines_of(script_text)])
    return tuple(_episode(number, scenes) for number, scenes in sorted(walk.episodes.items()))


def render(episode: EpisodePrompts) -> str:
    """The episode's prompts as text for a reader."""
    lines = [f"第{episode.episode}集："]
    for scene in episode.scenes:
        lines += [f"场次{scene.id}：", *(prompt.text for prompt in scene.prompts), ""]
    return "\n".join(lines)


def sendable(prompt: str) -> str:
    """The prompt as an image model gets it: without its leading marker, and with every other `#`."""
    stripped = prompt.strip()
    return stripped[1:].strip() if stripped[:1] in ("#", "\uff03") else stripped


def _episode(number: int, scenes: dict[int, list[str]]) -> EpisodePrompts:
    return EpisodePrompts(
        number, tuple(ScenePrompts(f"{number}-{scene}", _prompts(texts)) for scene, texts in sorted(scenes.items()))
    )


def _prompts(texts: Iterable[str]) -> tuple[Prompt, ...]:
    return tuple(Prompt(index, _marked(text)) for index, text in enumerate(texts))


def _marked(text: str) -> str:
    """With the marker that reads back as the same prompt: `##` would be a heading, `#甲#` a hashtag."""
    close = f"#{text}"
    if "#" not in text[:32] and not text.startswith("*"):
        return close
    return close if line_of(close).text == text else f"# {text}"

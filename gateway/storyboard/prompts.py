"""What the storyboard model is asked in each step; the words are in `prompts/*.md`."""

from collections.abc import Iterable

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


def segmentation(script: str, scene_count: int) -> str:
    """Step 1: cut the story into parts."""
    return _filled("segmentation", script=script, scene_count=scene_count)


def key_frames(segments: str, scene_count: int) -> str:
    """Step 2: one start frame per part, and an end frame for the last."""
    return _filled("key_frames", segments=segments, scene_count=scene_count, frame_count=scene_count + 1)


def picture_prompts(frames_text: str, style: str | None) -> str:
    """Step 3: a picture prompt for every frame."""
    return _filled("picture_prompts", frames=frames_text, **_style_lines(style))


def repair(frames_text: str, style: str | None, missing: Iterable[tuple[int, str]]) -> str:
    """Asks once more, only for the frames that the answer of step 3 lacks."""
    places = "\n".join(f"第{scene}份-{frame_type}" for scene, frame_type in missing)
    return _filled("repair", frames=frames_text, missing=places, **_style_lines(style))


def style_words(style: str | None) -> str:
    """English words for the picture model; none for a missing or `default` style, an unknown style literally."""
    name = (style or "").strip()
    return "" if name == "default" else STYLE_WORDS.get(name, name)


def _style_lines(style: str | None) -> dict[str, str]:
    words = style_words(style)
    rule = "- 每条提示词都写入画风词，写法与「画风」一行完全相同，位置紧跟在景别之后。\n"
    return {"style": f"画风：{words}\n\n", "style_rule": rule} if words else {"style": "", "style_rule": ""}


def _filled(name: str, **values: str | int) -> str:
    return fill(template("gateway.storyboard", name), values)

"""The strip at the foot of a picture: that it comes from the sandbox, and the first words of its prompt."""

from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"), Path("C:/Windows/Fonts"))
CJK_FONTS = (
    "NotoSansCJK-Regular*",
    "NotoSansSC*",
    "SourceHanSans*",
    "wqy-*",
    "DroidSansFallback*",
    "PingFang*",
    "msyh*",
)
MARK, LATIN_MARK = "SANDBOX · 沙盒示例", "SANDBOX"
LATIN_END = 0x24F

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_caption(image: Image.Image, prompt: str) -> None:
    unit = max(10, min(image.size) // 46)
    font, all_scripts = _font(unit)
    mark = MARK if all_scripts else LATIN_MARK
    words = " ".join(prompt.split()) if all_scripts else _latin(prompt)
    _shade(image, unit * 4)
    draw = ImageDraw.Draw(image, "RGBA")
    y = image.height - unit * 1.1
    draw.text((image.width - unit, y), mark, font=font, fill=(255, 255, 255, 150), anchor="rs")
    space = image.width - unit * 3 - draw.textlength(mark, font=font)
    draw.text((unit, y), _fitting(draw, words, font, space), font=font, fill=(255, 255, 255, 215), anchor="ls")


@lru_cache(maxsize=32)
def _font(size: int) -> tuple[Font, bool]:
    """A font and whether it can write Chinese; without one, nothing but Latin is written: never empty boxes."""
    file = _cjk_file()
    return (ImageFont.load_default(size), False) if file is None else (ImageFont.truetype(str(file), size), True)


@lru_cache(maxsize=1)
def _cjk_file() -> Path | None:
    files = [file for folder in FOLDERS for name in CJK_FONTS for file in sorted(folder.rglob(name)) if file.is_file()]
    return files[0] if files else None


def _latin(prompt: str) -> str:
    return " ".join("".join(char if ord(char) <= LATIN_END else " " for char in prompt).split())


def _fitting(draw: ImageDraw.ImageDraw, words: str, font: Font, space: float) -> str:
    words = words[:200]
    if draw.textlength(words, font=font) <= space:
        return words
    while words and draw.textlength(words + "…", font=font) > space:
        words = words[:-1]
    return words + "…" if words else ""


def _shade(image: Image.Image, tall: int) -> None:
    """Darkens the foot so that the words can be read on any picture."""
    slope = Image.linear_gradient("L").resize((image.width, tall)).point([round(v * 0.72) for v in range(256)])
    image.paste((0, 0, 0), (0, image.height - tall), slope)

"""Pictures made from the words of a prompt: always the same for the same prompt, size and variant.

The scene is composed on about a million pixels and enlarged; only the caption is written at full size.
"""

import hashlib
import zlib
from io import BytesIO
from math import sqrt
from random import Random

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sandbox.painter.caption import write_caption
from sandbox.painter.mood import read_mood
from sandbox.painter.scene import compose

LONGEST, PIXELS = 1280, 1_000_000


def paint(prompt: str, width: int, height: int, variant: int = 0) -> Image.Image:
    scale = min(1.0, LONGEST / max(width, height), sqrt(PIXELS / (width * height)))
    dice = Random(f"{variant}/{prompt}")
    small = compose(read_mood(prompt, dice), dice, round(width * scale), round(height * scale))
    image = small.resize((width, height), Image.Resampling.BICUBIC)
    write_caption(image, prompt)
    return image


def paint_png(prompt: str, width: int, height: int, variant: int = 0) -> bytes:
    return _png(paint(prompt, width, height, variant))


def paint_plain(prompt: str, width: int, height: int, variant: int = 0) -> bytes:
    """One flat colour of the right size: costs milliseconds, for load tests."""
    digest = hashlib.sha256(f"{variant}/{prompt}".encode()).digest()
    sheet = Image.new("P", (width, height))
    sheet.putpalette(digest[:3])
    return _png(sheet)


def paint_jpeg(prompt: str, width: int, height: int) -> bytes:
    out = BytesIO()
    paint(prompt, width, height).save(out, "JPEG", quality=88)
    return out.getvalue()


def _png(image: Image.Image) -> bytes:
    mark = PngInfo()
    mark.add_text("Software", "ScriptToFrame sandbox")
    out = BytesIO()
    image.save(out, "PNG", compress_level=1, compress_type=zlib.Z_RLE, pnginfo=mark)
    return out.getvalue()

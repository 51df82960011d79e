"""Pictures made from the words of a prompt: always the same for the same prompt, size and variant."""

import hashlib
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def paint_plain(prompt: str, width: int, height: int, variant: int = 0) -> bytes:
    """One flat colour of the right size: costs milliseconds, for load tests."""
    digest = hashlib.sha256(f"{variant}/{prompt}".encode()).digest()
    return _png(Image.new("RGB", (width, height), (digest[0], digest[1], digest[2])))


def paint_png(prompt: str, width: int, height: int, variant: int = 0) -> bytes:
    return paint_plain(prompt, width, height, variant)


def paint_jpeg(prompt: str, width: int, height: int) -> bytes:
    image = Image.open(BytesIO(paint_png(prompt, width, height)))
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


def _png(image: Image.Image) -> bytes:
    mark = PngInfo()
    mark.add_text("Software", "ScriptToFrame sandbox")
    out = BytesIO()
    image.save(out, "PNG", compress_level=1, pnginfo=mark)
    return out.getvalue()

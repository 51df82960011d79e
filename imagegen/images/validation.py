"""Whether bytes are a picture: known format, sane size, decodes to the end."""

import asyncio
import hashlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
LARGEST_BYTES = 64 * 1024 * 1024
_LARGEST_PIXELS = 64 * 1024 * 1024


class NotAnImage(Exception):
    """The bytes are no image that could be shown. `tries`: how often they are worth fetching; None: always again."""

    tries: int | None = 1


@dataclass(frozen=True, slots=True)
class StoredImage:
    """`key` is its place in the store, derived from its content alone; `size` in bytes."""

    key: str
    content_type: str
    size: int
    sha256: str


def place_of(data: bytes, content_type: str) -> StoredImage:
    """Where an image with this content is kept."""
    digest = hashlib.sha256(data).hexdigest()
    key = f"{digest[:2]}/{digest[2:4]}/{digest}.{'jpg' if content_type == 'image/jpeg' else 'png'}"
    return StoredImage(key, content_type, len(data), digest)


def looks_like_text(data: bytes) -> bool:
    """Whether it is empty or a page: HTML, XML, JSON or a plain message."""
    start = data[:512].lstrip()
    return not start or start[:1] in b"<{[" or (start.isascii() and b"\x00" not in start)


async def stored_image_of(data: bytes) -> StoredImage:
    """Type and place, found from the bytes alone; decoded to the end, hashed once, off the loop. Raises NotAnImage."""
    return await asyncio.to_thread(lambda: place_of(data, _content_type(data)))


def _content_type(data: bytes) -> str:
    if not data or len(data) > LARGEST_BYTES:
        raise NotAnImage(f"{len(data)} bytes")
    try:
        with Image.open(BytesIO(data), formats=tuple(_TYPES)) as image:
            if image.width * image.height > _LARGEST_PIXELS:
                raise NotAnImage(f"{image.width}×{image.height}")
            image.load()
            return _TYPES[image.format or ""]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAnImage(type(error).__name__) from error

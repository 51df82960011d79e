"""Whether bytes are a picture: known format, sane size, decodes to the end."""

import asyncio
from io import BytesIO

from PIL import Image, UnidentifiedImageError

_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
LARGEST_BYTES = 64 * 1024 * 1024
_LARGEST_PIXELS = 64 * 1024 * 1024


class NotAnImage(Exception):
    """The bytes are no picture that could be shown."""


async def content_type_of(data: bytes) -> str:
    """`image/png`, `image/jpeg` or `image/webp`, found from the bytes. Raises NotAnImage."""
    return await asyncio.to_thread(_content_type, data)


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

"""Tickets: short-lived, signed permission to read one task or picture, for EventSource and <img>."""

import base64
import binascii
import hmac
import re
import time
from secrets import token_hex

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_NAME = "tickets"
_PATHS = (
    ("task", re.compile(r"/api/stream/(?:tasks|extract-scene-prompts)/([^/]+)(?:/[^/]+)?")),
    ("image", re.compile(r"/api/images/([^/]+)(?:/content)?")),
)


def subject_of_path(path: str) -> str | None:
    """The one thing that a path reads, as tickets name it: `task:…` or `image:…`."""
    for kind, pattern in _PATHS:
        if found := pattern.fullmatch(path):
            return f"{kind}:{found[1]}"
    return None


class Tickets:
    """Replicas with the same secret honour each other's tickets."""

    def __init__(self, secret: str, seconds: int) -> None:
        self._secret = secret.encode()
        self.seconds = seconds

    def issue(self, owner: str, subject: str) -> str:
        until = str(int(time.time()) + self.seconds)
        content = f"{until}|{owner}".encode()
        return base64.urlsafe_b64encode(content + b"|" + self._signature(content, subject)).rstrip(b"=").decode()

    def owner(self, ticket: str, subject: str) -> str | None:
        """Whose ticket it is; None unless it is genuine, of this subject and still valid."""
        try:
            content, _, signature = base64.urlsafe_b64decode(ticket.encode() + b"==").rpartition(b"|")
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(signature, self._signature(content, subject)):
            return None
        until, _, owner = content.decode().partition("|")
        return owner if int(until) >= time.time() else None

    def _signature(self, content: bytes, subject: str) -> bytes:
        signed = content + b"|" + subject.encode("utf-8", "surrogateescape")
        return hmac.digest(self._secret, signed, "sha256").hex().encode()


async def database_secret(engine: AsyncEngine) -> str:
    """The random secret of this database, made by whoever asks first."""
    make = text("INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING")
    async with engine.begin() as connection:
        await connection.execute(make, {"name": _NAME, "value": token_hex(32)})
        row = await connection.execute(text("SELECT value FROM secret WHERE name = :name"), {"name": _NAME})
        return str(row.scalar_one())

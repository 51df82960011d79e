"""Tickets: short-lived, signed permission to read one task or picture, for EventSource and <img>."""

import hashlib
import re
import time
from secrets import token_hex

from itsdangerous import BadData, URLSafeTimedSerializer
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
        self._secret = secret
        self.seconds = seconds

    def issue(self, owner: str, subject: str) -> str:
        return str(self._serializer(subject).dumps(owner))

    def owner(self, ticket: str, subject: str) -> str | None:
        """Whose ticket it is; None unless it is genuine, of this subject and still valid."""
        try:
            owner, issued = self._serializer(subject).loads(ticket, return_timestamp=True)
        except BadData:
            return None
        # Not by `max_age`, which refuses the ticket of a replica whose clock is a second ahead.
        return str(owner) if time.time() - issued.timestamp() <= self.seconds else None

    def _serializer(self, subject: str) -> URLSafeTimedSerializer:
        salt = subject.encode("utf-8", "surrogateescape")
        return URLSafeTimedSerializer(self._secret, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


async def database_secret(engine: AsyncEngine) -> str:
    """The random secret of this database, made by whoever asks first."""
    make = text("INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING")
    async with engine.begin() as connection:
        await connection.execute(make, {"name": _NAME, "value": token_hex(32)})
        row = await connection.execute(text("SELECT value FROM secret WHERE name = :name"), {"name": _NAME})
        return str(row.scalar_one())

"""Who may call: API keys at the gateway, the internal token at imagegen, tickets where no header can be sent.

A guard looks at a request's scope and says whose tasks its caller may see. With nothing configured everybody is let
in as the nameless owner.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import NotFound, ScriptToFrameError, Unauthorized
from shared.settings import Exposure, SharedSettings
from shared.web.error_reply import error_reply
from shared.web.tickets import Tickets, subject_of_path

INTERNAL_TOKEN = "X-Internal-Token"
OWNER = "X-Owner"
# In the scope of a request whose caller may read one thing only.
BY_TICKET = "by_ticket"

OPEN_TO_ALL = frozenset({"/", "/livez", "/readyz", "/api/health"})
_METRICS = frozenset({"/metrics", "/api/metrics"})
_DOCS = re.compile(r"/docs(/.*)?|/openapi\.json")
_OWNER = re.compile(r"[0-9a-f]{24}")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class Guard(Protocol):
    """Decides about one request."""

    def owner(self, scope: Scope) -> str:
        """Whose tasks the caller may see. Raises Unauthorized, NotFound."""


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _owner_name(label: str) -> str:
    return hashlib.sha256(f"owner {label}".encode()).hexdigest()[:24]


def on_behalf_of(owner: str) -> dict[str, str]:
    """The header by which the gateway tells imagegen for whom it asks."""
    return {OWNER: owner} if owner else {}


class ApiKeys:
    """`[label:]key` entries, kept as hashes. Keys with one label belong to one owner, so that a key can be replaced."""

    def __init__(self, entries: str) -> None:
        self._owners: dict[bytes, str] = {}
        for entry in filter(None, (part.strip() for part in entries.split(","))):
            label, labelled, key = entry.partition(":")
            secret = (key if labelled else label).strip()
            if secret:
                self._owners[_digest(secret.encode())] = _owner_name(label.strip() or secret)

    def __bool__(self) -> bool:
        return bool(self._owners)

    def owner(self, key: str) -> str | None:
        """Every known key is compared, in constant time."""
        given, found = _digest(key.encode("latin-1", "replace")), None
        for known, owner in self._owners.items():
            if hmac.compare_digest(known, given):
                found = owner
        return found

    def knows_owner(self, owner: str) -> bool:
        return owner in self._owners.values()


def given_key(headers: Headers) -> str:
    """The key as `Authorization: Bearer` or `X-API-Key` carry it; empty when neither does."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()


@dataclass(frozen=True, slots=True)
class InternalToken:
    """The secret that our own services and the operator's tools share; nothing is asked while it is empty."""

    token: str = ""

    def __bool__(self) -> bool:
        return bool(self.token)

    def shown(self, headers: Headers) -> bool:
        given = headers.get(INTERNAL_TOKEN) or given_key(headers)
        return bool(self.token) and hmac.compare_digest(
            _digest(self.token.encode()), _digest(given.encode("latin-1", "replace"))
        )


@dataclass(frozen=True, slots=True)
class Inside:
    """How far `/metrics` and `/docs` are seen: by all, by bearers of the token (or from this host), by nobody."""

    token: InternalToken
    metrics: Exposure = "open"
    docs: Exposure = "open"

    @classmethod
    def of(cls, settings: SharedSettings) -> "Inside":
        token = InternalToken(settings.internal_token.get_secret_value().strip())
        return cls(token, settings.metrics_access, settings.docs_access)

    def admits(self, scope: Scope) -> bool | None:
        """None for any other path. Raises NotFound for what is switched off."""
        path = scope["path"].rstrip("/")
        exposure = self.metrics if path in _METRICS else self.docs if _DOCS.fullmatch(path) else None
        if exposure is None:
            return None
        if exposure == "off":
            raise NotFound
        return exposure == "open" or self._from_inside(scope)

    def _from_inside(self, scope: Scope) -> bool:
        if self.token:
            return self.token.shown(Headers(scope=scope))
        return (scope.get("client") or ("",))[0] in _LOOPBACK


@dataclass(frozen=True, slots=True)
class GatewayGuard:
    """API keys for `/api/*`; the page and the probes are open to all."""

    keys: ApiKeys
    inside: Inside

    def owner(self, scope: Scope) -> str:
        path = scope["path"]
        admitted = self.inside.admits(scope)
        if admitted is False:
            raise Unauthorized
        if not self.keys or not path.startswith("/api/") or path in OPEN_TO_ALL:
            return ""
        owner = self.keys.owner(given_key(Headers(scope=scope))) or self._by_ticket(scope)
        if owner is None and not (admitted and self.inside.token.shown(Headers(scope=scope))):
            raise Unauthorized
        return owner or ""

    def _by_ticket(self, scope: Scope) -> str | None:
        """A ticket opens one task or picture, for reading."""
        ticket = QueryParams(scope["query_string"]).get("ticket")
        subject = subject_of_path(scope["path"])
        tickets: Tickets | None = scope.get("state", {}).get("tickets")
        if not ticket or not subject or tickets is None or scope["method"] not in {"GET", "HEAD"}:
            return None
        owner = tickets.owner(ticket, subject)
        scope[BY_TICKET] = True
        return owner if owner and self.keys.knows_owner(owner) else None


@dataclass(frozen=True, slots=True)
class InternalGuard:
    """imagegen takes its callers' word for the owner, but with a token set only from those who bear it."""

    inside: Inside

    def owner(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        admitted = self.inside.admits(scope)
        if admitted is None:
            admitted = not self.inside.token or scope["path"] in OPEN_TO_ALL or self.inside.token.shown(headers)
        if not admitted:
            raise Unauthorized
        claimed = headers.get(OWNER, "")
        return claimed if _OWNER.fullmatch(claimed) else ""


class AccessMiddleware:
    """Pure ASGI; `scope["owner"]` is what shared/web/dependencies.py::owner_of reads."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            scope["owner"] = self.guard.owner(scope)
        except ScriptToFrameError as error:
            return await error_reply(error, scope)(scope, receive, send)
        return await self.app(scope, receive, send)

"""httpx clients with sane limits, passing the request id on, and their failures told apart."""

import ssl
from dataclasses import dataclass
from enum import Enum
from functools import cache

import httpx

from shared.outbound.calls import CountedTransport, OwnTransport
from shared.settings import SharedSettings
from shared.telemetry.request_id import HEADER, request_id

_CONNECTIONS = 1000
_KEPT_ALIVE = 20


@dataclass(frozen=True, slots=True)
class ProxyFor:
    """A proxy for all addresses but those under `all_but`: the sandbox is no vendor."""

    url: str
    all_but: str = ""


class Failure(Enum):
    """What is known after a call failed without an answer."""

    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


async def _add_request_id(request: httpx.Request) -> None:
    if (current := request_id.get()) != "-":
        request.headers.setdefault(HEADER, current)


@cache
def _certificates() -> ssl.SSLContext:
    """Reading them costs more than all else at a client's birth."""
    return httpx.create_ssl_context(trust_env=False)


def client(
    *, timeout: float = 30, own: bool = False, connections: int = _CONNECTIONS, proxy: ProxyFor | None = None
) -> httpx.AsyncClient:
    """A shared client. `own`: calls go to our own services and carry the request id. Vendors are called by `proxy`."""
    hooks = {"request": [_add_request_id]} if own else {}
    # The pool looks at every idle connection before every request.
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=_KEPT_ALIVE, keepalive_expiry=30)
    transport = OwnTransport if own else CountedTransport

    def by(way: str | None) -> httpx.AsyncHTTPTransport:
        return transport(verify=_certificates(), limits=limits, trust_env=False, proxy=way)

    return httpx.AsyncClient(
        timeout=timeout,
        transport=by(proxy.url if proxy else None),
        mounts={proxy.all_but: by(None)} if proxy and proxy.all_but else {},
        event_hooks=hooks,
        follow_redirects=False,
        trust_env=False,
    )


def proxy_of(settings: SharedSettings) -> ProxyFor | None:
    """The configured proxy for vendors."""
    url = settings.outbound_proxy.get_secret_value()
    return ProxyFor(url, settings.sandbox_url) if url else None


def outcome(error: httpx.HTTPError | httpx.InvalidURL) -> Failure:
    """NOT_SENT only when the server surely never saw the request."""
    if isinstance(
        error,
        httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.InvalidURL | httpx.UnsupportedProtocol,
    ):
        return Failure.NOT_SENT
    return Failure.UNKNOWN


def describe(error: Exception) -> str:
    """A short, clean reason: no URL with keys, no bytes."""
    match error:
        case httpx.ConnectError():
            return "连接被拒绝或无法建立"
        case httpx.ConnectTimeout():
            return "连接超时"
        case httpx.TimeoutException():
            return "响应超时"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return "连接被中断"
    return type(error).__name__

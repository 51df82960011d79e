"""Every outgoing HTTP call, counted and traced."""

import time
from urllib.parse import urlsplit

import httpx

from shared.telemetry.metrics import VENDOR_CALLS, VENDOR_SECONDS, count_call
from shared.telemetry.tracing import client_span

_BY_PATH = (
    ("/chat/completions", "openai"),
    ("/messages", "claude"),
)


def vendor_of(url: str) -> str:
    """Which vendor's interface a URL belongs to; `download` for what a vendor's answer pointed at."""
    path = urlsplit(url).path
    return next((vendor for part, vendor in _BY_PATH if part in path), "download")


def note_call(vendor: str, outcome: str, seconds: float) -> None:
    VENDOR_CALLS.labels(vendor, outcome).inc()
    VENDOR_SECONDS.labels(vendor).observe(seconds)
    count_call(vendor, success=outcome == "2xx")


class CountedTransport(httpx.AsyncHTTPTransport):
    """Calls to vendors. They do not learn of our trace."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        vendor = request.extensions.get("vendor") or vendor_of(str(request.url))
        begun = time.perf_counter()
        outcome = "canceled"
        try:
            with client_span(f"{vendor} {request.method}"):
                response = await super().handle_async_request(request)
            outcome = f"{response.status_code // 100}xx"
            return response
        except httpx.HTTPError as error:
            outcome = type(error).__name__
            raise
        finally:
            note_call(vendor, outcome, time.perf_counter() - begun)


class OwnTransport(httpx.AsyncHTTPTransport):
    """Calls to our own services, which go on with the trace."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with client_span(f"imagegen {request.method}", request.headers):
            return await super().handle_async_request(request)

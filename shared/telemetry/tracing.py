"""OpenTelemetry, when OTEL_EXPORTER_OTLP_ENDPOINT is set; without it every span is nothing and costs nothing.

Spans tell nothing of exceptions: their words may be a vendor's, with whatever it repeats of what it was sent.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_provider: "TracerProvider | None" = None


def configure(service: str, endpoint: str) -> None:
    """Send spans to the collector at `endpoint` from now on; the libraries are loaded only now."""
    global _provider
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    _provider = TracerProvider(resource=Resource.create({"service.name": service}))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))


def shut_down() -> None:
    """Send what is left."""
    if _provider is not None:
        _provider.shutdown()


@contextmanager
def client_span(name: str, headers: MutableMapping[str, str] | None = None) -> Iterator[None]:
    """A call to another service; `headers` get the trace's id, so that it goes on there."""
    if _provider is None:
        yield
        return
    from opentelemetry import propagate, trace

    with _provider.get_tracer(__name__).start_as_current_span(
        name, kind=trace.SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
    ):
        if headers is not None:
            propagate.inject(headers)
        yield


class TracingMiddleware:
    """One server span per request, ended with the answer. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _provider is None or scope["type"] != "http":
            return await self.app(scope, receive, send)
        from opentelemetry import propagate, trace

        came_from = propagate.extract(dict(Headers(scope=scope)))
        tracer = _provider.get_tracer(__name__)
        with tracer.start_as_current_span(
            scope["method"],
            came_from,
            kind=trace.SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    path = getattr(scope.get("route"), "path", "other")
                    span.update_name(f"{scope['method']} {path}")
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            return await self.app(scope, receive, noting)

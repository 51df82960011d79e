"""A collector for OpenTelemetry's traces, on a real socket."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Span:
    """What is asserted of a span."""

    service: str
    name: str
    trace_id: bytes


@dataclass(slots=True)
class Collector:
    """Keeps every span that services send to `url`."""

    spans: list[Span] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    url: str = ""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            for scope in resource.scope_spans:
                self.spans += [Span(service, span.name, span.trace_id) for span in scope.spans]
        with self.arrived:
            self.arrived.notify_all()

    def wait_for(self, service: str, name: str, seconds: float = 20) -> Span:
        def found() -> Span | None:
            return next((span for span in self.spans if (span.service, span.name) == (service, name)), None)

        with self.arrived:
            span = self.arrived.wait_for(found, seconds)
        assert span, f"no span {name} of {service} among {self.spans}"
        return span


def serving(collector: Collector) -> ThreadingHTTPServer:
    """A running server; the caller shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

"""One trace from the request at the gateway to the vendor's call."""

from tests.observability.collector import Collector, serving
from tests.plain import http
from tests.stack import Stack


def test_one_trace_runs_through_both_services_to_the_vendor(own_stack: Stack) -> None:
    collector = Collector()
    server = serving(collector)
    own_stack.settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    own_stack.settings["OTEL_BSP_SCHEDULE_DELAY"] = "200"
    own_stack.start()
    answer = http.post(f"{own_stack.gateway_url}/api/generate-image", json={"prompt": "灯塔"})
    assert answer.status_code == 200
    trace = collector.wait_for("gateway", "POST /api/generate-image").trace_id
    assert collector.wait_for("imagegen", "POST /api/generate-image").trace_id == trace
    vendor = collector.wait_for("imagegen", "volcengine POST")
    server.shutdown()
    server.server_close()
    assert vendor.trace_id == trace

"""What an operator sees."""

import json
import re
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.plain import http
from tests.stack import ROOT, Stack

STORY = {"script": "雨夜，小满推开便利店的门。她看见柜台后面的老人抬起头来。", "sceneCount": 2}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(url: str) -> Samples:
    text = http.get(f"{url}/metrics").raise_for_status().text
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum over all samples of that name with these labels."""
    wanted = labels.items()
    return sum(v for (found, given), v in samples.items() if found == name and wanted <= dict(given).items())


def test_the_gateway_counts_requests_tasks_and_vendor_calls(stack: Stack, gateway: httpx.Client) -> None:
    before = scraped(stack.gateway_url)
    gateway.post("/api/intelligent-analyze-script", json=STORY).raise_for_status()
    assert gateway.get("/api/stream/tasks/unknown").status_code == 404
    after = scraped(stack.gateway_url)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    route = "/api/intelligent-analyze-script"
    assert grown("scripttoframe_http_requests_total", route=route, status="200") == 1
    assert grown("scripttoframe_http_requests_total", route="/api/stream/tasks/{task_id}", status="404") == 1
    assert grown("scripttoframe_http_request_seconds_count", route=route) == 1
    assert grown("scripttoframe_vendor_calls_total", vendor="deepseek", outcome="2xx") >= 3
    assert value(after, "scripttoframe_tokens_total", vendor="deepseek", direction="output") > 0
    assert value(after, "scripttoframe_loop_lag_seconds_count") > 0
    assert value(after, "process_resident_memory_bytes") > 10_000_000


def test_imagegen_counts_pictures_and_slots(stack: Stack, gateway: httpx.Client) -> None:
    gateway.post("/api/generate-image", json={"prompt": "灯塔"}).raise_for_status()
    samples = scraped(stack.imagegen_url)
    assert value(samples, "scripttoframe_vendor_calls_total", vendor="volcengine", outcome="2xx") >= 2
    assert value(samples, "scripttoframe_pictures", vendor="jimeng") >= 1
    assert value(samples, "scripttoframe_vendor_slots", state="size") >= 2
    assert value(samples, "scripttoframe_tasks", kind="image", status="completed") >= 1


def test_the_seeds_names_are_there_as_json(gateway: httpx.Client) -> None:
    gateway.post("/api/generate-image", json={"prompt": "灯塔"}).raise_for_status()
    stats = gateway.get("/api/metrics").json()
    assert set(stats["generateImage_response_time"]) == {"avg", "min", "max", "count"}
    assert stats["generateImage_response_time"]["min"] <= stats["generateImage_response_time"]["max"]
    assert stats["generateImage_success_count"] >= 1
    assert set(stats["system"]) == {"cpu_percent", "memory_percent", "disk_usage"}


def test_unknown_paths_make_no_new_series(stack: Stack, gateway: httpx.Client) -> None:
    gateway.get("/api/never-0")
    scraped(stack.gateway_url)
    before = len(scraped(stack.gateway_url))
    for number in range(20):
        gateway.request("GET", f"/api/never-{number}")
        gateway.request(f"ODD{number}", "/api/never")
    assert len(scraped(stack.gateway_url)) - before <= 6


def test_every_panel_of_the_dashboard_shows_something_that_is_measured(stack: Stack, gateway: httpx.Client) -> None:
    gateway.post("/api/generate-image", json={"prompt": "灯塔"}).raise_for_status()
    story = {"script": "守塔人点亮了灯。", "sceneCount": 1}
    gateway.post("/api/intelligent-analyze-script", json=story).raise_for_status()
    measured = {name for name, _ in scraped(stack.gateway_url) | scraped(stack.imagegen_url)}
    measured |= {"scripttoframe_task_errors"}
    assert watched() <= measured
    dashboard = json.loads(Path(ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
    shown = set(re.findall(r"(?:scripttoframe|process)_\w+", json.dumps([p["targets"] for p in dashboard["panels"]])))
    assert len(shown) >= 10
    assert shown <= measured


def watched() -> set[str]:
    """What the alert rules look at."""
    rules = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 8
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)
    return set(re.findall(r"(?:scripttoframe|process)_\w+", " ".join(rule["expr"] for rule in rules)))


@pytest.mark.parametrize(("access", "plain", "bearing"), [("internal", 401, 200), ("off", 404, 404)])
def test_metrics_and_docs_can_be_kept_inside(own_stack: Stack, access: str, plain: int, bearing: int) -> None:
    own_stack.settings |= {"METRICS_ACCESS": access, "DOCS_ACCESS": access, "INTERNAL_TOKEN": "the-token"}
    gateway = own_stack.add("gateway").start()
    bearer = {"Authorization": "Bearer the-token"}
    for path in ("/metrics", "/docs", "/openapi.json", "/api/metrics"):
        assert http.get(gateway.url + path).status_code == plain
        assert http.get(gateway.url + path, headers=bearer).status_code == bearing

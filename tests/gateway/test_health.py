"""A4 and the probes of the gateway."""

import re

import httpx

from tests.stack import Stack


def test_health_names_every_dependency(gateway: httpx.Client) -> None:
    answer = gateway.get("/api/health")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "healthy")
    assert (told["service"], told["version"]) == ("ScriptToFrame API", "1.0.0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["timestamp"])
    assert told["dependencies"]["deepseek"] == {"status": "healthy", "demo": True}
    backend = told["dependencies"]["python_backend"]
    assert backend["status"] == "healthy"
    assert isinstance(backend["responseTime"], int)


def test_health_checks_do_not_load_the_vendor(gateway: httpx.Client, stack: Stack) -> None:
    gateway.get("/api/health")
    before = stack.ledger()["vendors"]["deepseek"]["calls"]
    for _ in range(5):
        gateway.get("/api/health")
    after = stack.ledger()["vendors"]["deepseek"]["calls"]
    assert after["models"] <= before["models"] + 1
    assert after.get("chat") == before.get("chat"), "nothing that costs"


def test_the_probes_answer(gateway: httpx.Client) -> None:
    assert gateway.get("/livez").status_code == 200
    assert gateway.get("/readyz").status_code == 200

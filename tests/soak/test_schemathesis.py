"""Schemathesis over both descriptions, all phases: no undocumented answer, no 500, at least 20,000 cases."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plain import http
from tests.stack import Process, Stack

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
LEAST_CASES = 20_000
QUICK = {
    "SANDBOX_CLAUDE_DELTAS_PER_SECOND": "0",
    "SANDBOX_PAINT": "plain",
    "SANDBOX_JIMENG_SECONDS": "[0, 0]",
    "SANDBOX_RUNNINGHUB_SECONDS": "[0, 0]",
    "SANDBOX_RUNNINGHUB_OUTPUTS_LAG": "0",
    "SANDBOX_DEEPSEEK_SECONDS": "[0, 0]",
    "SANDBOX_JIMENG_QPS": "0",
    "SANDBOX_JIMENG_CONCURRENCY": "0",
    "SANDBOX_RUNNINGHUB_CONCURRENCY": "0",
    "JIMENG_MAX_CONCURRENCY": "20",
    "RUNNINGHUB_MAX_CONCURRENCY": "20",
    "POLL_INTERVAL": "0.05",
    "RUNNINGHUB_POLL_INTERVAL": "0.05",
}


# Each case is a whole piece of work: fewer of them.
HEAVY = (
    "generateScript",
    "generateAllImages",
    "analyzeScript",
    "generateImage",
    "generateImagePython",
    "processPrompts",
    "processPromptsByPath",
)


def as_on_the_wire(document: Any) -> Any:
    """The description with the `data` of events as they are sent: a line of JSON. Schemathesis does not parse them."""
    for schema in document["components"]["schemas"].values():
        properties = schema.get("properties", {})
        if {"id", "data"} <= properties.keys() <= {"id", "event", "data"}:
            parsed = {"$ref": properties["data"]["$ref"]}
            line = {"type": "string", "contentMediaType": "application/json", "contentSchema": parsed}
            properties["data"] = line
    return document


def campaign(service: Process, folder: Path, examples: int, chosen: list[str]) -> int:
    """How many cases were sent; fails with the report where a check failed."""
    description = folder / f"{service.service}.json"
    description.write_text(json.dumps(as_on_the_wire(http.get(f"{service.url}/openapi.json").json())))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", service.url),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful", "--workers", "1"),
        *("--max-examples", str(examples), "--suppress-health-check", "all", "--request-timeout", "60"),
        *chosen,
        *("--seed", "7", "--continue-on-failure", "--no-color", "--warnings", "off"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    assert done.returncode == 0, report[-20_000:]
    found = re.search(r"(\d[\d,]*) generated", report)
    assert found, report[-3000:]
    return int(found[1].replace(",", ""))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_nothing_undocumented_is_answered_and_nothing_breaks(own_stack: Stack, tmp_path: Path) -> None:
    own_stack.settings |= QUICK
    own_stack.start()
    gateway, imagegen = own_stack.of("gateway")[0], own_stack.of("imagegen")[0]
    heavy = [word for name in HEAVY for word in ("--include-operation-id", name)]
    light = [word for name in HEAVY for word in ("--exclude-operation-id", name)]
    cases = [
        campaign(gateway, tmp_path, 20, heavy),
        campaign(gateway, tmp_path, 1400, light),
        campaign(imagegen, tmp_path, 1000, light),
        campaign(imagegen, tmp_path, 20, ["--include-operation-id", "generateImage"]),
    ]
    assert sum(cases) >= LEAST_CASES, cases

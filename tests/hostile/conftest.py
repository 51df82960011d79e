"""A stack with canary keys: real-looking secrets that must never come back in anything."""

from collections.abc import Iterator

import httpx
import pytest

from tests.plain import calling
from tests.stack import Stack

CANARIES = {
    "DEEPSEEK_API_KEY": "sk-canary-deepseek-b7e1",
    "ANTHROPIC_API_KEY": "sk-ant-canary-c02d",
    "VOLCENGINE_ACCESS_KEY_ID": "AKLTcanary51aa",
    "VOLCENGINE_SECRET_ACCESS_KEY": "canary-volcengine-secret-9d3",
    "RUNNINGHUB_API_KEY": "canaryrunninghub0000000000000f4c",
    "INTERNAL_TOKEN": "canary-internal-token-88e",
    "TICKET_SECRET": "canary-ticket-secret-177",
}


@pytest.fixture(scope="module")
def canary_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The vendors' addresses lead to the sandbox, which refuses the keys: every error path is walked with them."""
    stack = Stack(tmp_path_factory.mktemp("canary"), dict(CANARIES))
    sandbox = stack.sandbox_url
    stack.settings |= {
        "DEEPSEEK_BASE_URL": sandbox,
        "ANTHROPIC_BASE_URL": sandbox,
        "VOLCENGINE_BASE_URL": sandbox,
        "RUNNINGHUB_CREATE_API_URL": f"{sandbox}/task/openapi/create",
        "RUNNINGHUB_STATUS_API_URL": f"{sandbox}/task/openapi/status",
        "RUNNINGHUB_RESULT_API_URL": f"{sandbox}/task/openapi/outputs",
        "RUNNINGHUB_CANCEL_API_URL": f"{sandbox}/task/openapi/cancel",
        "RUNNINGHUB_WORKFLOW_ID": "1",
        "RUNNINGHUB_NODE_ID": "6",
    }
    try:
        yield stack.start()
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def canary_gateway(canary_stack: Stack) -> Iterator[httpx.Client]:
    with calling(canary_stack.gateway_url) as client:
        yield client

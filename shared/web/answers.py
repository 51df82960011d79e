"""What both services answer, as models for `/openapi.json`.

Answers are rendered without these models (shared/wire.py::Json); tests/openapi/test_answers.py validates what the
running services say against them.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from shared.errors import Reason

TASK_ID = "0b0e7ad1-6a1c-4d3f-9a57-6a8c2e0f4b11"
IMAGE_ID = "jimeng_v4_5f3c2a7be01d4c6a9e8f7b6a5c4d3e2f"
MOMENT = "2026-01-01T10:00:00.000Z"

Moment = Annotated[datetime, Field(description="RFC 3339, UTC, milliseconds")]
Success = Annotated[Literal[True], Field(description="Always true; errors have `false` here")]
Demo = Annotated[bool, Field(description="True when the sandbox stands in for the vendor; absent otherwise")]
ErrorCode = Annotated[str | None, Field(description="The error for programs; null without one")]


class ValidationIssue(BaseModel, extra="allow"):
    """One value that was refused. `input` holds the value itself, of whatever type, unless it is long."""

    type: str = Field(description="What kind of rule was broken, such as `missing` or `less_than_equal`")
    loc: list[str | int] = Field(description="Where the value stands: `body`, `query` or `header`, then the way to it")
    msg: str = Field(description="The rule in words")
    ctx: dict[str, Any] | None = Field(default=None, description="The rule's own values, such as its bounds")


class VendorReply(BaseModel):
    """What a vendor said of a failure."""

    name: str = Field(description="`deepseek`, `claude`, `volcengine` or `runninghub`")
    code: str | None = Field(description="Its own error code")
    requestId: str | None = Field(description="Its own id of the request, for its support")


class Facts(BaseModel):
    """What is known of a failure beside its text and its code."""

    reason: Reason | None = Field(default=None, description="Why, as far as a caller can act on it; only if known")
    vendor: VendorReply | None = Field(default=None, description="Only where a vendor answered")
    requestId: str | None = Field(default=None, description="Our id of the request, for whoever reads the logs")


def error_example(text: str, code: str) -> dict[str, Any]:
    """An error as it goes over the wire."""
    told = {"success": False, "error": text, "detail": text, "errorCode": code}
    return told | {"requestId": "5f0c1d7a9e4b4c2f8d3a6b1e0c9f7a25", "timestamp": MOMENT}


class Error(BaseModel, json_schema_extra={"examples": [error_example("缺少必要参数: prompt", "MISSING_PARAMETER")]}):
    """Every error of every endpoint. Some errors carry further named values."""

    success: Literal[False] = Field(description="Always false")
    error: str = Field(description="The reason, for people")
    detail: str | list[ValidationIssue] = Field(description="The same text; at 422 the refused values")
    errorCode: str = Field(
        description="The reason, for programs: MISSING_PARAMETER, VALIDATION_ERROR, UNAUTHORIZED, NOT_FOUND, "
        "TASK_NOT_FOUND, IMAGE_NOT_FOUND, IMAGE_NOT_READY, REQUEST_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, "
        "PAYLOAD_TOO_LARGE, TOO_MANY_REQUESTS, CONFIGURATION_ERROR, BACKEND_UNAVAILABLE, BACKEND_ERROR, "
        "ANALYSIS_FAILED, BATCH_FAILED, GENERATION_TIMEOUT, OUTCOME_UNKNOWN, IMAGE_GENERATION_ERROR, CANCELED, "
        "VOLCENGINE_API_ERROR, RUNNINGHUB_API_ERROR, LLM_ERROR, INTERNAL_ERROR; others may follow"
    )
    timestamp: Moment
    taskId: str | None = Field(default=None, description="The picture that the error is about, to be asked for later")
    failedStep: str | None = Field(default=None, description="The step of an analysis that failed")
    requestId: int | str = Field(description="Our id of the request; of a batch its moment in ms since 1970")
    reason: Reason | None = Field(default=None, description="Why, as far as a caller can act on it; only if known")
    vendor: VendorReply | None = Field(default=None, description="Only where a vendor answered")
    failedAt: datetime | None = Field(default=None, description="When a batch failed")
    data: None = Field(default=None, description="Always null")


_PROBLEM = error_example("Not Found", "NOT_FOUND") | {
    "type": "urn:scripttoframe:error:NOT_FOUND",
    "title": "Not Found",
    "status": 404,
    "instance": "/api/…",
}


class Problem(Error, json_schema_extra={"examples": [_PROBLEM]}):
    """An error for whoever asks for `application/problem+json` (RFC 9457)."""

    type: str = Field(description="A name for this kind of error")
    title: str = Field(description="The reason, for people")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="The reason, for people")
    instance: str = Field(description="The path that was asked for")
    errors: list[ValidationIssue] | None = Field(default=None, description="The refused values, at 422")


class Alive(BaseModel, json_schema_extra={"examples": [{"status": "alive"}]}):
    """The process runs."""

    status: Literal["alive"] = Field(description="Always `alive`")


class Ready(BaseModel, json_schema_extra={"examples": [{"status": "ready"}]}):
    """Work can be taken."""

    status: Literal["ready"] = Field(description="Always `ready`")


class HealthStatus(StrEnum):
    """`degraded` when a dependency is `unhealthy`."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"


class DependencyStatus(StrEnum):
    """Whether a dependency can be used."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Dependency(BaseModel, json_schema_extra={"examples": [{"status": "healthy"}]}):
    """What a service needs, as it stands."""

    status: DependencyStatus = Field(description="Whether it can be used")
    error: str | None = Field(default=None, description="Why it cannot be used")
    responseTime: int | None = Field(default=None, description="Milliseconds that its own health took")
    sdk_version: str | None = Field(default=None, description="The version of the library that signs its calls")
    demo: Demo = False


class SystemLoad(BaseModel):
    """The machine's load."""

    cpu_percent: float = Field(description="0 to 100, since the last question")
    memory_percent: float = Field(description="0 to 100")
    disk_usage: float = Field(description="0 to 100")


class ResponseTimes(BaseModel):
    """Response times of one endpoint, in seconds."""

    avg: float = Field(description="Their mean")
    min: float = Field(description="The shortest")
    max: float = Field(description="The longest")
    count: int = Field(description="How many answers were measured")


_METRICS = {
    "getHealth_response_time": {"avg": 0.01, "min": 0.01, "max": 0.01, "count": 1},
    "getHealth_success_count": 1,
    "system": {"cpu_percent": 3.5, "memory_percent": 41.0, "disk_usage": 55.0},
}


class Metrics(RootModel[dict[str, SystemLoad | ResponseTimes | int]], json_schema_extra={"examples": [_METRICS]}):
    """By name: `{operation}_response_time`, `{name}_success_count`, `{name}_failure_count`, and `system`."""

"""RunningHub's envelope, its codes, and the bodies it accepts (official API reference and error table)."""

import re
from typing import Annotated

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from starlette.responses import Response

MESSAGES: dict[int, str] = {
    0: "success",
    301: "PARAMS_INVALID",
    380: "WORKFLOW_NOT_EXISTS",
    412: "TOKEN_INVALID",
    414: "INSUFFICIENT_COMPUTE_CREDIT",
    415: "TASK_INSTANCE_MAXED",
    416: "TASK_CREATE_FAILED_BY_NOT_ENOUGH_WALLET",
    421: "TASK_QUEUE_MAXED",
    423: "TASK_NOT_FOUNED",
    433: "VALIDATE_PROMPT_FAILED",
    435: "TASK_USER_EXCLAPI_INSTANCE_NOT_FOUND",
    436: "TASK_USER_EXCLAPI_REQUIRED",
    500: "UNKNOWN_ERROR",
    801: "APIKEY_UNSUPPORTED_FREE_USER",
    802: "APIKEY_UNAUTHORIZED",
    803: "APIKEY_INVALID_NODE_INFO",
    804: "APIKEY_TASK_IS_RUNNING",
    805: "APIKEY_TASK_STATUS_ERROR",
    806: "APIKEY_USER_NOT_FOUND",
    807: "APIKEY_TASK_NOT_FOUND",
    808: "APIKEY_UPLOAD_FAILED",
    809: "APIKEY_FILE_SIZE_EXCEEDED",
    810: "WORKFLOW_NOT_SAVED_OR_NOT_RUNNING",
    811: "CORPAPIKEY_INVALID",
    812: "CORPAPIKEY_INSUFFICIENT_FUNDS",
    813: "APIKEY_TASK_IS_QUEUED",
    814: "PERSONAL_QUEUE_COUNT_LIMIT",
    901: "WEBAPP_NOT_EXISTS",
    1000: "Unknown error",
    1003: "RATE_LIMIT_EXCEEDED",
    1010: "SERVICE_UNAVAILABLE",
    1011: "SYSTEM_BUSY",
    1501: "CONTENT_MODERATION_FAILED",
    1601: "param apiKey is required",
}
QUEUE_FULL, PERSONAL_QUEUE_FULL = 421, 814
NOT_FOUND, RUNNING, QUEUED, FAILED = 807, 804, 813, 805
FORCED = re.compile(r"sandbox:rh:(\d+|fail)")
LARGEST_INT64 = 2**63


class RefusedError(Exception):
    """A business code ≠ 0; on the wire still HTTP 200."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    node_id: Annotated[str, BeforeValidator(_as_text)] = Field(alias="nodeId", min_length=1)
    field_name: str = Field(alias="fieldName", min_length=1)
    field_value: Annotated[str, BeforeValidator(_as_text)] = Field(alias="fieldValue")


class Create(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    workflow_id: Annotated[str, BeforeValidator(_as_text)] = Field(alias="workflowId", min_length=1)
    nodes: list[JsonValue] = Field(default=[], alias="nodeInfoList")
    webhook_url: str | None = Field(default=None, alias="webhookUrl")
    personal_queue: bool = Field(default=False, alias="usePersonalQueue")


def parse(raw: bytes) -> dict[str, JsonValue]:
    """The body as an object, or RefusedError 301."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RefusedError(301) from error
    if not isinstance(body, dict):
        raise RefusedError(301)
    return body


def parse_create(body: dict[str, JsonValue]) -> tuple[Create, list[Node]]:
    """Raises RefusedError 301 for the frame of the request and 803 for a node that no workflow has."""
    try:
        create = Create.model_validate(body)
    except ValidationError as error:
        raise RefusedError(301) from error
    try:
        return create, [Node.model_validate(node) for node in create.nodes]
    except ValidationError as error:
        raise RefusedError(803) from error


def parse_task_id(body: dict[str, JsonValue]) -> str:
    text = str(body.get("taskId", ""))
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < LARGEST_INT64:
        raise RefusedError(301, "taskId must be positive")
    return text


def envelope(code: int, data: object = None, message: str = "") -> Response:
    return Response(orjson.dumps(as_body(code, data, message)), media_type="application/json")


def as_body(code: int, data: object, message: str = "") -> dict[str, object]:
    return {"code": code, "msg": message or MESSAGES.get(code, "UNKNOWN_ERROR"), "data": data}


def prompt_tips(node: str | None) -> str:
    """A JSON string inside JSON, as the vendor sends it; with a node, its validation failed."""
    error = {"errors": [{"type": "value_not_in_list", "message": "Value not in list"}], "class_type": "CLIPTextEncode"}
    return orjson.dumps(
        {
            "result": node is None,
            "error": None,
            "outputs_to_execute": ["9"],
            "node_errors": {} if node is None else {node: error},
        }
    ).decode()

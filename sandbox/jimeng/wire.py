"""Jimeng's two error envelopes, its codes, and what it accepts in a submit (Jimeng image 4.0 interface page)."""

import re
from dataclasses import dataclass
from math import isqrt, sqrt

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from sandbox.jimeng.signature import GatewayError

REQ_KEY = "jimeng_t2i_v40"
MAX_PICTURES = 15
SMALLEST, LARGEST = 1024 * 1024, 4096 * 4096
DEFAULT_AREA = 2048 * 2048
OK = 10000
QPS_LIMIT, CONCURRENCY_LIMIT = 50429, 50430
INVALID = 50215

MESSAGES: dict[int, tuple[int, str]] = {
    50200: (400, "Invalid Input Parameters: req_key"),
    50204: (400, "Invalid Input Parameters: req_key not supported"),
    50207: (400, "Image Decode Error"),
    50215: (400, "Input invalid for this service."),
    50218: (400, "Resource exists risk"),
    50400: (403, "Access Denied: api forbidden"),
    50411: (400, "Pre Img Risk Not Pass"),
    50412: (400, "Text Risk Not Pass"),
    50413: (400, "Post Text Risk Not Pass"),
    50429: (429, "Request Has Reached API Limit, Please Try Later"),
    50430: (429, "Request Has Reached API Concurrent Limit, Please Try Later"),
    50500: (500, "Internal Error"),
    50501: (500, "Internal RPC Error"),
    50511: (400, "Post Img Risk Not Pass"),
    50512: (400, "Post Text Risk Not Pass"),
    50513: (400, "Pre Video Risk Not Pass"),
    50514: (400, "Pre Audio Risk Not Pass"),
    50516: (400, "Post Video Risk Not Pass"),
    50517: (400, "Post Audio Risk Not Pass"),
    50518: (400, "Pre Img Risk Not Pass: Copyright"),
    50519: (400, "Post Img Risk Not Pass: Copyright"),
    50520: (400, "Risk Internal Error"),
    50521: (400, "Antidirt Internal Error"),
    50522: (400, "Image Copyright Internal Error"),
}
OUTPUT_CODES = frozenset({50511, 50512, 50516, 50517, 50519})
STATUS_CODES = {429: QPS_LIMIT, 403: 50400, 400: INVALID}

FORCED_CODE = re.compile(r"sandbox:(5\d{4})")
ASPECT = re.compile(r"--ar\s+(\d+):(\d+)")
COUNT = re.compile(r"(\d{1,2}|[一二两三四五六七八九十])\s*(?:张|幅|pictures|images)", re.IGNORECASE)
DIGITS = dict(zip("一二三四五六七八九十两", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2), strict=True))


class Submit(BaseModel):
    """The fields that have a rule; others are noise, as with the vendor."""

    model_config = ConfigDict(frozen=True, strict=True)

    req_key: str
    prompt: str = Field(min_length=1)
    image_urls: list[str] = Field(default=[], max_length=10)
    size: int | None = Field(default=None, ge=SMALLEST, le=LARGEST)
    width: int | None = None
    height: int | None = None
    scale: float = Field(default=0.5, ge=0, le=1)
    force_single: bool = False
    min_ratio: float = Field(default=1 / 3, ge=1 / 16, lt=16)
    max_ratio: float = Field(default=3, ge=1 / 16, lt=16)


class Query(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    req_key: str
    task_id: str = Field(min_length=1)
    req_json: str | None = None


class ResultOptions(BaseModel):
    """What the string `req_json` may hold; only this decides between links and Base64."""

    return_url: bool = False


class RefusedError(Exception):
    """A business code ≠ 10000."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def parse_submit(body: bytes) -> Submit:
    """Raises RefusedError with 50200 for the req_key and 50215 for everything else."""
    try:
        submit = Submit.model_validate_json(body)
    except ValidationError as error:
        about_key = any(part["loc"][:1] in (("req_key",), ()) for part in error.errors())
        raise RefusedError(50200 if about_key else INVALID) from error
    if submit.req_key != REQ_KEY:
        raise RefusedError(50200)
    return submit


def parse_query(body: bytes) -> Query:
    try:
        query = Query.model_validate_json(body)
    except ValidationError as error:
        raise RefusedError(INVALID) from error
    if query.req_key != REQ_KEY:
        raise RefusedError(50200)
    return query


def wants_url(req_json: str | None) -> bool:
    try:
        return ResultOptions.model_validate_json(req_json or "{}").return_url
    except ValidationError as error:
        raise RefusedError(INVALID) from error


def size_of(submit: Submit) -> Size:
    """Width and height count only together; they win over `size`; without them the prompt's --ar gives the shape."""
    if submit.width is None or submit.height is None:
        return _shaped(submit.size or DEFAULT_AREA, submit.prompt)
    if submit.width <= 0 or submit.height <= 0 or not SMALLEST <= submit.width * submit.height <= LARGEST:
        raise RefusedError(INVALID)
    if not submit.min_ratio <= submit.width / submit.height <= submit.max_ratio:
        raise RefusedError(INVALID)
    return Size(submit.width, submit.height)


def _shaped(area: int, prompt: str) -> Size:
    found = ASPECT.search(prompt)
    across, down = (int(found[1]), int(found[2])) if found else (1, 1)
    if not across or not down or not 1 / 3 <= across / down <= 3:
        return Size(isqrt(area), isqrt(area))
    width = int(sqrt(area * across / down)) // 16 * 16
    return Size(width, width * down // across)


def pictures_in(submit: Submit) -> int:
    """Without force_single the prompt decides, and each picture is billed."""
    found = COUNT.search(submit.prompt)
    if submit.force_single or found is None:
        return 1
    asked = DIGITS.get(found[1]) or int(found[1])
    return max(1, min(asked, MAX_PICTURES - len(submit.image_urls)))


def forced_code(prompt: str) -> int | None:
    found = FORCED_CODE.search(prompt)
    return int(found[1]) if found and int(found[1]) in MESSAGES else None


def envelope(code: int, data: object, request_id: str, status: int | None = None) -> Response:
    """The flat envelope of the business side."""
    http, message = MESSAGES.get(code, (400, "Input invalid for this service.")) if code != OK else (200, "Success")
    body = {
        "code": code,
        "data": data,
        "message": message,
        "request_id": request_id,
        "status": code,
        "time_elapsed": "104.852309ms",
    }
    return Response(orjson.dumps(body), status or http, media_type="application/json")


def gateway_envelope(error: GatewayError, action: str, version: str, request_id: str) -> Response:
    """The other envelope, of the OpenAPI front."""
    detail = {"CodeN": error.number, "Code": error.code, "Message": error.message}
    meta = {"RequestId": request_id, "Action": action, "Version": version, "Service": "cv", "Region": "cn-north-1"}
    body = orjson.dumps({"ResponseMetadata": {**meta, "Error": detail}})
    return Response(body, error.status, media_type="application/json")

"""How Jimeng's answers read: its two envelopes, its codes, and the several places where an image may stand.

Codes: the "即梦AI-图片生成4.0" interface document, and the OpenAPI front's table of public error codes.
"""

import asyncio
import base64
import binascii
import json
from typing import Any

from imagegen.images.vendor import Result
from shared.errors import ImageGenerationError, Reason, VendorReply
from shared.telemetry.logs import redact_text

TOO_OFTEN = 50429
BUSY_CODES = {50429, 50430}
_RISKS = {50218, 50411, 50412, 50413, 50511, 50512, 50516, 50517, 50518, 50519, 50520, 50521, 50522}
# What a query says about the image itself; all else is about us or the moment: keys, clocks, rights, load.
ABOUT_THE_IMAGE = _RISKS | {50215}
_LARGE = 1024 * 1024
_REASONS: dict[int | str, Reason] = {
    **dict.fromkeys(_RISKS, Reason.CONTENT_REFUSED),
    **dict.fromkeys((*BUSY_CODES, "FlowLimitExceeded"), Reason.VENDOR_BUSY),
    **dict.fromkeys((50500, 50501, "InternalError", "ServiceUnavailable"), Reason.VENDOR_DOWN),
    **dict.fromkeys((50400, "AccessDenied"), Reason.VENDOR_NOT_OPENED),
    **dict.fromkeys(
        ("InvalidAccessKey", "SignatureDoesNotMatch", "MissingSignature", "MissingAuthenticationToken"),
        Reason.VENDOR_KEY_REFUSED,
    ),
}


def facts_of(code: int | str, answer: dict[str, Any]) -> dict[str, Any]:
    """`reason` and `vendor` of an error answer."""
    metadata = answer.get("ResponseMetadata")
    request_id = answer.get("request_id") or (metadata.get("RequestId") if isinstance(metadata, dict) else None)
    vendor = VendorReply("volcengine", str(code)[:64], str(request_id)[:64] if request_id else None)
    return {"reason": _REASONS.get(code), "vendor": vendor}


async def parsed(body: bytes) -> Any:
    """None for what is not JSON. Pictures in Base64 are too much for the event loop; orjson would round large ids."""
    try:
        return await asyncio.to_thread(json.loads, body) if len(body) > _LARGE else json.loads(body)
    except ValueError:
        return None


def code_of(status: int, answer: dict[str, Any]) -> tuple[int | str, str]:
    """The deciding code and a clean message: the OpenAPI front's error first, then the business code."""
    metadata = answer.get("ResponseMetadata")
    if isinstance(metadata, dict) and isinstance(error := metadata.get("Error"), dict):
        return str(error.get("Code") or error.get("CodeN") or status), redact_text(str(error.get("Message", "")))[:200]
    code = answer.get("code", 10000 if isinstance(answer.get("Result"), dict) else status)
    message = redact_text(str(answer.get("message") or f"HTTP {status}"))[:200]
    return (int(code) if str(code).lstrip("-").isdecimal() else str(code)), message


def payload_of(answer: dict[str, Any]) -> dict[str, Any]:
    for name in ("data", "Result"):
        if isinstance(payload := answer.get(name), dict):
            return payload
    return {}


async def image_of(payload: dict[str, Any], *, done: bool) -> Result | None:
    """Base64 wins over a link; the older fields count only once the task is done."""
    if encoded := _first(payload.get("binary_data_base64")):
        try:
            return Result(data=await asyncio.to_thread(base64.b64decode, encoded))
        except (binascii.Error, ValueError) as error:
            raise ImageGenerationError from error
    if url := _first(payload.get("image_urls")):
        return Result(url=url)
    if not done:
        return None
    if isinstance(url := payload.get("image_url"), str) and url:
        return Result(url=url)
    return Result(url=url) if (url := _first(_old_answer(payload).get("image_urls"))) else None


def _old_answer(payload: dict[str, Any]) -> dict[str, Any]:
    answer = payload.get("resp_data")
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return {}
    return answer if isinstance(answer, dict) else {}


def _first(values: object) -> str | None:
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) and values[0] else None

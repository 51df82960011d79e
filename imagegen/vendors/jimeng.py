"""Jimeng 4.0 at Volcengine, signed by the official SDK and sent by httpx.

Facts: Volcengine's "即梦AI-图片生成4.0" interface document, and its tables of public error codes.
"""

import asyncio
import base64
import binascii
import json
import logging
from collections import deque
from typing import Any

import httpx

from imagegen.images.order import Order, size_fields
from imagegen.images.vendor import UNREACHABLE, Accepted, Busy, Pause, Result
from imagegen.settings import ImagegenSettings, VolcengineAccess
from imagegen.vendors.download import Downloads
from imagegen.vendors.signing import SDK_AVAILABLE, signed_headers
from shared.errors import ConfigurationError, ImageGenerationError, OutcomeUnknown, VolcengineError, VolcengineRefusal
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import Transient, retry_after_seconds
from shared.telemetry.logs import redact_text
from shared.wire import well_formed

logger = logging.getLogger(__name__)

ACCOUNT = "jimeng"
REQ_KEY = "jimeng_t2i_v40"
_SUBMIT, _QUERY = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"
_OPTIONS = json.dumps(
    {"return_url": True, "logo_info": {"add_logo": False, "position": 0, "language": 0, "opacity": 1}}
)
_TOO_OFTEN = 50429
_BUSY_CODES = {50429, 50430}
# What a query says about the image itself; all else is about us or the moment: keys, clocks, rights, load.
_ABOUT_THE_IMAGE = {50215, 50411, 50412, 50413, 50511, 50512, 50516, 50517, 50518, 50519, 50520, 50521, 50522}
_DONE = {"done", "1", "10000"}
_FAILED = {"2", "-1", "failed", "not_found", "expired"}
_LARGE = 1024 * 1024
_LONGEST_BUSY_WAIT = 600.0
_BUSY_PAUSES = (2.0, 3.0, 5.0, 8.0, 10.0)
_SHORTEST_PAUSE = 0.2
_PAUSES_OF_ELAPSED = 20
_QUERIES_PER_SECOND = 60
_SLOWEST_PACE = 4.0
_ENOUGH_TO_KNOW = 5
_SURELY_NOT_BEFORE = 0.45
_UNREACHABLE_PAUSES = (1.0, 2.0)


class Jimeng:
    """An ImageVendor; see imagegen/images/vendor.py."""

    account = ACCOUNT

    def __init__(self, settings: ImagegenSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        trusted = {settings.sandbox_url, settings.volcengine_base_url}
        self._downloads = Downloads(client, trusted, ImageGenerationError)
        self._took: deque[float] = deque(maxlen=30)
        self._pace = 1.0

    @property
    def deadline(self) -> float:
        return self._settings.poll_interval * self._settings.max_poll_times

    def check_configured(self) -> bool:
        if not SDK_AVAILABLE:
            raise ConfigurationError("火山引擎SDK未安装")
        return self._settings.volcengine().demo

    def pause(self, elapsed: float, polled: int) -> float:
        """Nothing before a picture can be done, then short intervals, never slower than POLL_INTERVAL.

        The more pictures are polled, the longer: queries cost CPU here and patience there.
        """
        if elapsed > self.deadline:
            return min(30.0, max(self._settings.poll_interval, elapsed / 20))
        pause = max(_SHORTEST_PAUSE, elapsed / _PAUSES_OF_ELAPSED, polled / _QUERIES_PER_SECOND) * self._pace
        if len(self._took) >= _ENOUGH_TO_KNOW:
            pause = max(pause, _SURELY_NOT_BEFORE * sum(self._took) / len(self._took) - elapsed)
        return min(self._settings.poll_interval, pause)

    def learn(self, seconds: float) -> None:
        self._took.append(seconds)

    def busy_pause(self, refusals: int, busy: Busy) -> Pause:
        pauses = _UNREACHABLE_PAUSES if busy.code == UNREACHABLE else _BUSY_PAUSES
        waited = sum(pauses[min(i, len(pauses) - 1)] for i in range(refusals))
        if waited > _LONGEST_BUSY_WAIT or (busy.code == UNREACHABLE and refusals > len(pauses)):
            raise _refused(busy)
        seconds = max(pauses[min(refusals, len(pauses)) - 1], busy.retry_after or 0)
        return Pause(seconds, slow_down=0 if busy.code == UNREACHABLE else seconds)

    async def submit(self, order: Order) -> Accepted | Busy:
        prompt = well_formed(order.prompt.strip())
        form = {"req_key": REQ_KEY, "prompt": prompt} | size_fields(order.config) | {"force_single": True}
        try:
            status, answer, headers = await self._call(_SUBMIT, form)
        except httpx.HTTPError as error:
            if outcome(error) is Failure.NOT_SENT:
                return Busy(UNREACHABLE, self._reason(error))
            logger.warning("jimeng.submit_unknown", extra={"reason": describe(error)})
            raise OutcomeUnknown from error
        if answer is None:
            # Something between us and the vendor answered: nobody knows whether the vendor saw the order.
            if status == 429:
                return Busy("429", "HTTP 429", retry_after_seconds(headers.get("retry-after")))
            raise OutcomeUnknown
        code, message = _code(status, answer)
        if code in _BUSY_CODES:
            return Busy(str(code), message, retry_after_seconds(headers.get("retry-after")))
        if code != 10000:
            raise VolcengineRefusal(f"任务提交失败: {message}")
        payload = _payload(answer)
        task_id, result = payload.get("task_id"), await _picture(payload, done=True)
        if not task_id and result is None:
            raise VolcengineError("未获得task_id")
        return Accepted(str(task_id or ""), result)

    async def poll(self, vendor_task_id: str) -> Result | None:
        form = {"req_key": REQ_KEY, "task_id": vendor_task_id, "req_json": _OPTIONS}
        try:
            status, answer, headers = await self._call(_QUERY, form)
        except httpx.HTTPError as error:
            raise Transient(VolcengineError(f"SDK调用失败: {describe(error)}")) from error
        if answer is None:
            raise Transient(VolcengineError(f"SDK调用失败: 返回内容不是JSON (HTTP {status})"))
        code, message = _code(status, answer)
        if code != 10000:
            self._raise_for(code, VolcengineError(f"查询任务失败: {message} (Code: {code})"), headers)
        payload = _payload(answer)
        state = str(payload.get("status"))
        if state in _FAILED:
            raise ImageGenerationError
        if result := await _picture(payload, done=state in _DONE):
            return result
        if state in _DONE:
            raise ImageGenerationError
        return None

    def _raise_for(self, code: int | str, failure: VolcengineError, headers: httpx.Headers) -> None:
        if code == _TOO_OFTEN:
            self._pace = min(_SLOWEST_PACE, self._pace * 1.25)
        if code in _ABOUT_THE_IMAGE:
            raise failure
        raise Transient(failure, retry_after_seconds(headers.get("retry-after")))

    async def fetch(self, url: str) -> bytes:
        return await self._downloads.fetch(url)

    async def cancel(self, vendor_task_id: str) -> bool:
        """Jimeng 4.0 has no cancel: what is submitted is paid and will be kept."""
        logger.debug("jimeng.cancel_ignored", extra={"vendor_task_id": vendor_task_id})
        return False

    def _reason(self, error: Exception) -> str:
        access = self._settings.volcengine()
        if access.demo:
            return f"未配置VOLCENGINE_ACCESS_KEY_ID或VOLCENGINE_SECRET_ACCESS_KEY，且沙盒（{access.base_url}）未运行"
        return describe(error)

    async def _call(self, action: str, form: dict[str, Any]) -> tuple[int, dict[str, Any] | None, httpx.Headers]:
        """HTTP status, JSON object (None for anything else) and headers. Raises httpx.HTTPError."""
        access: VolcengineAccess = self._settings.volcengine()
        query = {"Action": action, "Version": "2022-08-31"}
        body = json.dumps(form).encode()
        headers = signed_headers(access.base_url, query, body, (access.access_key, access.secret_key))
        response = await self._client.post(
            f"{access.base_url}/", params=query, content=body, headers=headers, extensions={"vendor": "volcengine"}
        )
        answer = await _parsed(response.content)
        return response.status_code, answer if isinstance(answer, dict) else None, response.headers


async def _parsed(body: bytes) -> Any:
    """None for what is not JSON. Pictures in Base64 are too much for the event loop; orjson would round large ids."""
    try:
        return await asyncio.to_thread(json.loads, body) if len(body) > _LARGE else json.loads(body)
    except ValueError:
        return None


def _refused(busy: Busy) -> VolcengineError:
    if busy.code == UNREACHABLE:
        return VolcengineError(f"SDK调用失败: {busy.message}")
    return VolcengineRefusal(f"任务提交失败: {busy.message}")


def _code(status: int, answer: dict[str, Any]) -> tuple[int | str, str]:
    """The deciding code and a clean message: the OpenAPI front's error first, then the business code."""
    metadata = answer.get("ResponseMetadata")
    if isinstance(metadata, dict) and isinstance(error := metadata.get("Error"), dict):
        return str(error.get("Code") or error.get("CodeN") or status), redact_text(str(error.get("Message", "")))[:200]
    code = answer.get("code", 10000 if isinstance(answer.get("Result"), dict) else status)
    message = redact_text(str(answer.get("message") or f"HTTP {status}"))[:200]
    return (int(code) if str(code).lstrip("-").isdecimal() else str(code)), message


def _payload(answer: dict[str, Any]) -> dict[str, Any]:
    for name in ("data", "Result"):
        if isinstance(payload := answer.get(name), dict):
            return payload
    return {}


async def _picture(payload: dict[str, Any], *, done: bool) -> Result | None:
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

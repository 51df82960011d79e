"""Jimeng 4.0 at Volcengine, signed by the official SDK and sent by httpx.

Facts: Volcengine's "即梦AI-图片生成4.0" interface document, and its tables of public error codes.
"""

import json
import logging
from collections import deque
from typing import Any

import httpx

from imagegen.images.order import Order, size_fields
from imagegen.images.vendor import UNREACHABLE, Accepted, Busy, Pause, Result
from imagegen.settings import ImagegenSettings, VolcengineAccess
from imagegen.vendors.download import Downloads
from imagegen.vendors.jimeng_answers import (
    ABOUT_THE_IMAGE,
    BUSY_CODES,
    TOO_OFTEN,
    code_of,
    facts_of,
    image_of,
    parsed,
    payload_of,
)
from imagegen.vendors.signing import SDK_AVAILABLE, signed_headers
from shared.errors import (
    ConfigurationError,
    ImageGenerationError,
    OutcomeUnknown,
    Reason,
    VendorReply,
    VolcengineError,
    VolcengineRefusal,
)
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import Transient, retry_after_seconds
from shared.wire import well_formed

logger = logging.getLogger(__name__)

ACCOUNT = "jimeng"
REQ_KEY = "jimeng_t2i_v40"
_SUBMIT, _QUERY = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"
_OPTIONS = json.dumps(
    {"return_url": True, "logo_info": {"add_logo": False, "position": 0, "language": 0, "opacity": 1}}
)
_DONE = {"done", "1", "10000"}
_FAILED = {"2", "-1", "failed", "not_found", "expired"}
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
        code, message = code_of(status, answer)
        if code in BUSY_CODES:
            return Busy(str(code), message, retry_after_seconds(headers.get("retry-after")))
        if code != 10000:
            raise VolcengineRefusal(f"任务提交失败: {message}", **facts_of(code, answer))
        payload = payload_of(answer)
        task_id, result = payload.get("task_id"), await image_of(payload, done=True)
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
        code, message = code_of(status, answer)
        if code != 10000:
            self._raise_for(
                code, VolcengineError(f"查询任务失败: {message} (Code: {code})", **facts_of(code, answer)), headers
            )
        payload = payload_of(answer)
        state = str(payload.get("status"))
        if state in _FAILED:
            raise ImageGenerationError
        if result := await image_of(payload, done=state in _DONE):
            return result
        if state in _DONE:
            raise ImageGenerationError
        return None

    def _raise_for(self, code: int | str, failure: VolcengineError, headers: httpx.Headers) -> None:
        if code == TOO_OFTEN:
            self._pace = min(_SLOWEST_PACE, self._pace * 1.25)
        if code in ABOUT_THE_IMAGE:
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
        answer = await parsed(response.content)
        return response.status_code, answer if isinstance(answer, dict) else None, response.headers


def _refused(busy: Busy) -> VolcengineError:
    if busy.code == UNREACHABLE:
        return VolcengineError(f"SDK调用失败: {busy.message}", reason=Reason.VENDOR_DOWN)
    vendor = VendorReply("volcengine", busy.code)
    return VolcengineRefusal(f"任务提交失败: {busy.message}", reason=Reason.VENDOR_BUSY, vendor=vendor)

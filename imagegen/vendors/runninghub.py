"""RunningHub's task API: create, status, outputs, cancel. Business codes come with HTTP 200.

Facts: the official API reference and its table of error codes; `APIKEY_` in a message says nothing about the key.
"""

import logging
from typing import Any

import httpx

from imagegen.images.order import Order
from imagegen.images.vendor import UNREACHABLE, Accepted, Busy, Pause, Result
from imagegen.settings import MISSING_RUNNINGHUB, ImagegenSettings
from imagegen.vendors.download import Downloads
from imagegen.vendors.runninghub_answers import (
    BUSY,
    FINISHED,
    GO_ON,
    GONE,
    PASSING,
    SUCCEEDED,
    Answer,
    answer_of,
    file_url,
    invalid_nodes,
    reason_of,
    state_of,
    task_id_of,
)
from shared.errors import ConfigurationError, OutcomeUnknown, RunningHubError
from shared.outbound.client import Failure, describe, outcome
from shared.outbound.retry import Transient, retry_after_seconds, retry_transient

logger = logging.getLogger(__name__)

ACCOUNT = "runninghub"
VARIABLES = {
    "create": "RUNNINGHUB_CREATE_API_URL",
    "status": "RUNNINGHUB_STATUS_API_URL",
    "outputs": "RUNNINGHUB_RESULT_API_URL",
    "cancel": "RUNNINGHUB_CANCEL_API_URL",
}
_WRONG_PATH = 412
_ANSWERS_LATE_SECONDS = 1800.0
_WAITS_PER_ROUND = 10
_WAITS_AT_END_OF_QUEUE = 20
_SLOW_DOWN_SECONDS = 10.0
_UNREACHABLE_PAUSES = (1.0, 2.0)
# After SUCCESS the outputs may still be on their way for a moment.
_OUTPUT_WAITS = (0.5, 1.0, 2.0)


class RunningHub:
    """An ImageVendor; see imagegen/images/vendor.py."""

    account = ACCOUNT

    def __init__(self, settings: ImagegenSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        trusted = {settings.sandbox_url, settings.runninghub_create_api_url}
        self._downloads = Downloads(client, trusted, RunningHubError)

    @property
    def deadline(self) -> float:
        return _ANSWERS_LATE_SECONDS

    def check_configured(self) -> bool:
        return self._settings.runninghub().demo

    def pause(self, elapsed: float, _polled: int) -> float:
        """RUNNINGHUB_POLL_INTERVAL, and slower once nobody can still be waiting."""
        interval = self._settings.runninghub_poll_interval
        return interval if elapsed <= self.deadline else max(interval, min(60.0, elapsed / 60))

    def learn(self, seconds: float) -> None:
        """Nothing: queries are made as slowly as RunningHub asks for."""

    def busy_pause(self, refusals: int, busy: Busy) -> Pause:
        """Ten growing waits, then one at the end of the queue, and so on: contract §5.4."""
        if busy.code == UNREACHABLE:
            if refusals > len(_UNREACHABLE_PAUSES):
                raise RunningHubError(f"创建任务失败: {busy.message}")
            return Pause(_UNREACHABLE_PAUSES[refusals - 1])
        unit = self._settings.runninghub_retry_wait
        number = (refusals - 1) % (_WAITS_PER_ROUND + 1) + 1
        if number > _WAITS_PER_ROUND:
            return Pause(unit * _WAITS_AT_END_OF_QUEUE, to_end=True, slow_down=_SLOW_DOWN_SECONDS)
        seconds = max(unit * number, busy.retry_after or 0)
        return Pause(seconds, slow_down=min(seconds, _SLOW_DOWN_SECONDS), number=number)

    async def submit(self, order: Order) -> Accepted | Busy:
        access = self._settings.runninghub()
        node = {"nodeId": access.node_id, "fieldName": "text", "fieldValue": order.prompt.strip()}
        try:
            answer = await self._call("create", {"workflowId": access.workflow_id, "nodeInfoList": [node]})
        except httpx.HTTPError as error:
            if outcome(error) is Failure.NOT_SENT:
                return Busy(UNREACHABLE, self._reason(error))
            logger.warning("runninghub.submit_unknown", extra={"reason": describe(error)})
            raise OutcomeUnknown from error
        if answer.body is None and answer.status != 429:
            # Something between us and the vendor answered: nobody knows whether the vendor saw the order.
            raise OutcomeUnknown
        return self._accepted_or_busy(answer)

    def _accepted_or_busy(self, answer: Answer) -> Accepted | Busy:
        task_id = task_id_of(answer.body)
        if answer.status == 429 or (answer.code in BUSY and not task_id):
            return Busy(str(answer.code), answer.message, retry_after_seconds(answer.retry_after))
        if answer.code not in {0, *GO_ON} or not task_id:
            cause = f"{answer.message} (Code: {answer.code})" if answer.code else "未获得任务ID"
            raise RunningHubError(f"创建任务失败: {cause}", create=answer.body)
        if nodes := invalid_nodes(answer.body):
            raise RunningHubError(f"创建任务失败: 工作流校验未通过 ({nodes})", create=answer.body)
        return Accepted(task_id, raw=answer.body)

    async def poll(self, vendor_task_id: str) -> Result | None:
        answer = await self._asked("status", vendor_task_id)
        if answer.code in GO_ON:
            return None
        if answer.code in GONE:
            raise RunningHubError(f"查询任务状态失败: {answer.message} (Code: {answer.code})", status=answer.body)
        if answer.code != 0:
            raise Transient(RunningHubError(f"查询任务状态失败: {answer.message} (Code: {answer.code})"))
        state = state_of(answer.body)
        if state not in FINISHED:
            return None
        if state in SUCCEEDED:
            return await self._finished(vendor_task_id, state)
        outputs = await self._asked("outputs", vendor_task_id)
        raise RunningHubError(f"任务执行失败: {reason_of(outputs.body)}", outputs=outputs.body, state=state)

    async def _finished(self, vendor_task_id: str, state: str) -> Result | None:
        async def written() -> Answer:
            answer = await self._asked("outputs", vendor_task_id)
            if answer.code in GO_ON or (answer.code == 0 and (answer.body or {}).get("data") is None):
                raise Transient(_NotYet())
            return answer

        try:
            answer = await retry_transient(written, _OUTPUT_WAITS)
        except _NotYet:
            return None
        if answer.code == 0 and (url := file_url(answer.body)):
            return Result(url=url, raw={"state": state, "outputs": answer.body})
        if answer.code not in {0, *GONE}:
            raise Transient(RunningHubError(f"查询任务结果失败: {answer.message} (Code: {answer.code})"))
        cause = f"{reason_of(answer.body)} (Code: {answer.code})" if answer.code else "没有输出文件"
        raise RunningHubError(f"查询任务结果失败: {cause}", outputs=answer.body, state=state)

    async def fetch(self, url: str) -> bytes:
        return await self._downloads.fetch(url)

    async def cancel(self, vendor_task_id: str) -> bool:
        """Whether RunningHub confirmed; "not found" is not "cancelled"."""
        try:
            answer = await self.ask("cancel", vendor_task_id)
        except (RunningHubError, ConfigurationError) as error:
            logger.warning("runninghub.cancel_failed", extra={"reason": error.message})
            return False
        return answer.get("code") == 0

    async def ask(self, call: str, vendor_task_id: str) -> dict[str, Any]:
        """The vendor's raw answer to a free call. Raises RunningHubError when there is none."""
        try:
            answer = await self._call(call, {"taskId": vendor_task_id})
        except httpx.HTTPError as error:
            raise RunningHubError(self._reason(error)) from error
        if answer.body is None or not 200 <= answer.status < 300:
            raise RunningHubError(f"HTTP {answer.status}" if answer.body is not None else "返回内容不是JSON")
        return answer.body

    async def _asked(self, call: str, vendor_task_id: str) -> Answer:
        """An answer worth reading. Raises Transient for all that may pass: a paid task is never given up for that."""
        try:
            answer = await self._call(call, {"taskId": vendor_task_id})
        except httpx.HTTPError as error:
            raise Transient(RunningHubError(self._reason(error))) from error
        if answer.body is None or answer.code in PASSING or not 200 <= answer.status < 300:
            cause = RunningHubError(f"HTTP {answer.status} (Code: {answer.code})")
            raise Transient(cause, retry_after_seconds(answer.retry_after))
        return answer

    async def _call(self, call: str, form: dict[str, Any]) -> Answer:
        access = self._settings.runninghub()
        url = getattr(access, f"{call}_url")
        body, extensions = {"apiKey": access.api_key} | form, {"vendor": "runninghub"}
        answer = answer_of(await self._client.post(url, json=body, extensions=extensions))
        if answer.code == _WRONG_PATH:
            raise ConfigurationError(f"{VARIABLES[call]} 配置错误: RunningHub没有这个接口地址 (Code: 412)")
        return answer

    def _reason(self, error: httpx.HTTPError) -> str:
        if self._settings.runninghub().demo:
            return f"{MISSING_RUNNINGHUB}，且沙盒（{self._settings.sandbox_url}）未运行"
        return describe(error)


class _NotYet(Exception):
    """The outputs of a finished task are still being written."""

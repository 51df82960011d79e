"""The workflow *process prompts*: every picture prompt of a script goes to RunningHub, told as contract §5.4 says.

It goes on without readers. Cancelling is asked for by an event in the task's log, so that it survives a crash.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Protocol

from gateway.images import PictureEvent, PictureOrder, Pictures
from gateway.scene_images.events import ImageProgress, Subtask, subtasks
from gateway.screenplay.export import ScriptPart
from gateway.screenplay.store import extracted
from shared.concurrency import all_done, alongside
from shared.errors import Canceled, ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.log import EventLog
from shared.tasks.model import Change, Line, LogClosed, Status, Task, ending, facts_of, told_of
from shared.wire import dump_line, dump_text, loads

logger = logging.getLogger(__name__)

_CANCEL_SECONDS = 30.0
CANCEL_REQUESTED = "cancel_requested"
_ENDINGS = ("subtask_completed", "task_error", "task_cancelled")
_DONE = "所有任务处理完成"


class FinishedScripts(Protocol):
    """Where scripts are kept."""

    async def finished(self, task_id: str) -> tuple[ScriptPart, ...]: ...


class RunningHubQueue(Protocol):
    """The account's queue, over all requests."""

    async def size(self) -> int: ...

    async def cancel_all(self, parent: str, owner: str) -> dict[str, tuple[str, str]]:
        """Cancel every unfinished picture of the task; by id its status before and after."""


class NoSuchEpisode(ScriptToFrameError):
    error_code = "TASK_NOT_FOUND"


async def request_cancel(log: EventLog, task: Task) -> None:
    """Ask the replica that works on it to cancel, and wait until it has. Raises LogClosed when it has its ending."""
    if task.closed:
        raise LogClosed(task.id)
    await log.append(Line(task.id, CANCEL_REQUESTED, dump_line({"request_id": task.id}), key=CANCEL_REQUESTED))
    with suppress(TimeoutError):
        async with asyncio.timeout(_CANCEL_SECONDS):
            await log.following.until_last(task.id)


class Processing:
    """Runner of RunningHub requests."""

    def __init__(self, scripts: FinishedScripts, pictures: Pictures, queue: RunningHubQueue) -> None:
        self._scripts = scripts
        self._pictures = pictures
        self._queue = queue

    async def run(self, work: Work) -> None:
        request = _Request(work, self._pictures)
        await work.say("status", request.opening(), key="opening", change=Change(status=Status.RUNNING))
        rows = await work.checkpoint("prompts", lambda: self._prompts(work))
        request.plan([Subtask(*row) for row in rows])
        size = await work.checkpoint("queue", lambda: self._queue_size(len(rows)))
        await request.queued(size)
        await request.recall()
        if await request.process():
            await request.complete()
        else:
            await request.cancel(await self._queue.cancel_all(work.task.id, work.task.owner))

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        message = error.message if isinstance(error, NoSuchEpisode) else f"处理画面描述词出错: {error.message}"
        data = {"message": message, "errorCode": error.error_code} | told_of(error) | _demo(work)
        await work.end("error", data, ending(error))

    async def _prompts(self, work: Work) -> list[list[str]]:
        asked = work.task.request
        parts = await self._scripts.finished(asked["script_id"])
        episodes = await asyncio.to_thread(extracted, parts)
        if (wanted := asked.get("episode")) is not None:
            episodes = tuple(one for one in episodes if one.episode == wanted)
            if not episodes:
                raise NoSuchEpisode(f"未找到第{wanted}集的画面描述词")
        found = subtasks(work.task.id, episodes)
        return [[one.id, one.episode, one.scene, one.index, one.prompt] for one in found]

    async def _queue_size(self, added: int) -> int:
        try:
            return added + await self._queue.size()
        except ScriptToFrameError:
            return added


class _Request:
    """One life of a request."""

    def __init__(self, work: Work, pictures: Pictures) -> None:
        self._work = work
        self._id = work.task.id
        self._pictures = pictures
        self._subtasks: list[Subtask] = []
        self._done: set[str] = set()
        self._progressed = 0
        self._waiting: set[str] = set()
        self._orders: dict[str, asyncio.Task[str]] = {}

    def opening(self) -> dict[str, Any]:
        return {"message": "正在提取画面描述词并发送到RunningHub...", "request_id": self._id} | _demo(self._work)

    def plan(self, found: list[Subtask]) -> None:
        self._subtasks = found

    async def queued(self, size: int) -> None:
        count = len(self._subtasks)
        message = f"已将{count}个提示词添加到全局队列，等待处理..."
        data = {"message": message, "total_prompts": count, "request_id": self._id, "queue_size": size}
        await self._work.say("status", data, key="queued", change=Change(message=message, current=0, total=count))

    async def recall(self) -> None:
        """What an earlier life has told."""
        for event in await self._work.log.following.stored(self._id):
            if event.name in _ENDINGS:
                self._done.add(loads(event.data)["task_id"])
            elif event.name == "progress":
                self._progressed += 1
        while self._progressed < len(self._done):
            await self._progress()

    async def process(self) -> bool:
        """Whether all subtasks came to their end; False when the request was cancelled before."""
        async with alongside(self._cancel_requested()) as canceled:
            pending = [one for one in self._subtasks if one.id not in self._done]
            everything = asyncio.ensure_future(all_done(self._subtask(one) for one in pending))
            try:
                await asyncio.wait({everything, canceled}, return_when=asyncio.FIRST_COMPLETED)
                if everything.done():
                    everything.result()
                return everything.done()
            finally:
                everything.cancel()
                await asyncio.gather(everything, return_exceptions=True)
                # An order on its way must have arrived before all are cancelled.
                await asyncio.gather(*self._orders.values(), return_exceptions=True)

    async def _cancel_requested(self) -> None:
        async for event in self._work.log.following.events(self._id, through_shutdown=True):
            if event.name == CANCEL_REQUESTED:
                return

    async def _subtask(self, one: Subtask) -> None:
        sight = ImageProgress()
        try:
            sight.image_id = await asyncio.shield(self._ordered(one))
            await self._watched(one, sight)
        except ScriptToFrameError as error:
            await self._ended("task_error", one, sight.error_event(one, error.message, told_of(error)))

    def _ordered(self, one: Subtask) -> "asyncio.Task[str]":
        form = {"prompt": one.prompt, "provider": "runninghub"}
        number, task = self._subtasks.index(one), self._work.task
        turn = task.created_at.timestamp() + number * 1e-6
        order = PictureOrder(form, f"{self._id}-{number}", task.owner, self._id, turn)
        call = self._work.checkpoint(f"order-{one.id}", lambda: self._pictures.order(order))
        self._orders[one.id] = asyncio.ensure_future(call)
        return self._orders[one.id]

    async def _watched(self, one: Subtask, sight: ImageProgress) -> None:
        async for event in self._pictures.events(sight.image_id, self._work.task.owner):
            await self._tell(one, sight, event)

    async def _tell(self, one: Subtask, sight: ImageProgress, event: PictureEvent) -> None:
        data, key = event.data, f"{one.id}:{event.seq}"
        match event.name:
            case "submitting":
                sight.worker_id = data["worker_id"]
                self._waiting.discard(one.id)
                await self._work.say("status", one.beginning(), key=f"{one.id}:begun")
            case "refused" if data["to_end"]:
                self._waiting.add(one.id)
                await self._work.say("task_requeued", sight.requeued_event(one), key=key)
            case "refused" if data["number"]:
                self._waiting.add(one.id)
                await self._work.say("task_waiting", sight.waiting_event(one, data), key=key)
            case "submitted":
                sight.vendor_task_id, sight.created = data["vendor_task_id"], data["raw"]
                await self._work.say("task_created", sight.created_event(one), key=f"{one.id}:created")
            case "succeeded":
                done = sight.completed_event(one, data["raw"] or {}, succeeded=True)
                await self._ended("subtask_completed", one, done)
            case "failed":
                await self._failed(one, sight, data)
            case "canceled":
                await self._ended("task_cancelled", one, {"task_id": one.id, "message": "任务已取消"})

    async def _failed(self, one: Subtask, sight: ImageProgress, data: dict[str, Any]) -> None:
        """What RunningHub refused or failed is a completed subtask; what went wrong on our side is an error."""
        raw = data.get("raw") or {}
        if not raw.keys() & {"create", "outputs", "status"}:
            return await self._ended("task_error", one, sight.error_event(one, data["error"], facts_of(data)))
        if sight.vendor_task_id is None:
            sight.created = raw.get("create")
            await self._work.say("task_created", sight.created_event(one), key=f"{one.id}:created")
        await self._ended("subtask_completed", one, sight.completed_event(one, raw, succeeded=False))
        return None

    async def _ended(self, name: str, one: Subtask, data: dict[str, Any]) -> None:
        await self._work.say(name, data, key=f"{one.id}:ended")
        self._waiting.discard(one.id)
        self._done.add(one.id)
        await self._progress()

    async def _progress(self) -> None:
        self._progressed += 1
        done, total = self._progressed, len(self._subtasks)
        data = {"completed": done, "total": total, "waiting": len(self._waiting), "percentage": 100 * done // total}
        await self._work.say("progress", data, key=f"progress-{done}", change=Change(current=done))

    async def complete(self) -> None:
        total = len(self._subtasks)
        await self._work.say("all_tasks_completed", self._figures("completed", "total"), key="all")
        data = {"message": _DONE} | self._figures("completed_tasks", "total_tasks") | _demo(self._work)
        change = Change(status=Status.COMPLETED, message=_DONE, current=total)
        await self._work.end("complete", data, change)

    def _figures(self, done: str, total: str) -> dict[str, Any]:
        return {"request_id": self._id, done: len(self._done), total: len(self._subtasks)}

    async def cancel(self, outcomes: dict[str, tuple[str, str]]) -> None:
        """Tell the end of all that was taken back; `outcomes` are statuses before and after, by picture."""
        await all_done(self._told_after_all(one, outcomes) for one in self._subtasks if one.id not in self._done)
        open_ones = [one for one in self._subtasks if one.id not in self._done]
        for one in open_ones:
            data = {"task_id": one.id, "message": "任务已取消"}
            await self._work.say("task_cancelled", data, key=f"{one.id}:ended")
        told = {"message": "所有任务已成功取消", "request_id": self._id, "cancelled_count": len(open_ones)}
        await self._work.say("cancel_complete", told, key="canceled")
        data = {"message": f"{_DONE}(已取消)", "reason": "任务已取消"}
        data |= self._figures("completed_tasks", "total_tasks") | _demo(self._work)
        await self._work.end("complete", data, self._canceled(len(open_ones), outcomes))

    async def _told_after_all(self, one: Subtask, outcomes: dict[str, tuple[str, str]]) -> None:
        """A picture that had its end before the cancel came is not a cancelled one."""
        order = self._orders.get(one.id)
        if order and not order.cancelled() and not order.exception() and order.result() not in outcomes:
            await self._watched(one, ImageProgress(order.result()))

    def _canceled(self, tasks: int, outcomes: dict[str, tuple[str, str]]) -> Change:
        confirmed = [before for before, after in outcomes.values() if after == "canceled"]
        counts = {
            "cancelled_runninghub_tasks": sum(before == "running" for before in confirmed),
            "removed_from_queue": sum(before == "queued" for before in confirmed),
            "updated_tasks": tasks,
        }
        error = Canceled("任务已取消")
        return Change(Status.CANCELED, error.message, error.message, error.error_code, result=dump_text(counts))


def _demo(work: Work) -> dict[str, bool]:
    return {"demo": True} if work.task.demo else {}

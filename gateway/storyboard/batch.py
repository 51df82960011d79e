"""The workflow *batch*: all frames become pictures at once; the account's limit is imagegen's affair.

The task's log is its memory: what a frame's last event says is not done again by a later life.
"""

import asyncio
import logging
from typing import Any

from gateway.images import PictureOrder, Pictures
from gateway.storyboard.audience import PARKED_SECONDS, Audience
from gateway.storyboard.batch_frames import BatchFrame, Outcome, ended, recalled, refused, stats
from shared.concurrency import all_done, alongside
from shared.errors import BatchFailed, ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.follow import Following
from shared.tasks.model import Change, Status, Task, ending, told_of
from shared.wire import dump_text, half_up, iso_time, loads

logger = logging.getLogger(__name__)

_DONE = ("frame_complete", "frame_error")


def request_id(work: Work) -> int:
    return int(work.task.created_at.timestamp() * 1000)


class Batch:
    """Runner of batch tasks. Nothing is submitted while nobody reads; what was submitted is waited for and kept."""

    def __init__(self, pictures: Pictures, audience: Audience) -> None:
        self._pictures = pictures
        self._audience = audience

    async def run(self, work: Work) -> None:
        board = BatchProgress(work)
        await board.recall()
        stage = _BatchRun(work, board, self._pictures, self._audience)
        if board.missing():
            await stage.play()
        await board.complete()

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        message = error.message if isinstance(error, BatchFailed) else f"批量生成失败: {error.message}"
        extras: dict[str, Any] = {"requestId": request_id(work), "failedAt": iso_time()}
        failed = BatchFailed(message, **extras).because_of(error)
        event = {"type": "error", "error": message, "detail": message, "errorCode": failed.error_code}
        await work.end(None, event | told_of(failed) | extras | _demo(work), ending(failed))


class BatchProgress:
    """What is done and what is told."""

    def __init__(self, work: Work) -> None:
        self._work = work
        frames = work.task.request["frames"]
        self.shots = [BatchFrame(position, len(frames), frame) for position, frame in enumerate(frames, 1)]
        self._outcomes: dict[int, Outcome] = {}
        self.begun = work.task.last_event_id > 0

    async def recall(self) -> None:
        for event in await self._work.log.following.stored(self._work.task.id):
            told = loads(event.data)
            if told["type"] in _DONE:
                position, outcome = recalled(told)
                self._outcomes[position] = outcome

    def missing(self) -> list[BatchFrame]:
        return [shot for shot in self.shots if shot.position not in self._outcomes]

    @property
    def _counts(self) -> dict[str, int]:
        failed = sum(outcome.error is not None for outcome in self._outcomes.values())
        return {"total": len(self.shots), "success": len(self._outcomes) - failed, "failed": failed}

    @property
    def _progress(self) -> int:
        return half_up(100 * len(self._outcomes), len(self.shots))

    async def handed_over(self, shot: BatchFrame) -> None:
        self.begun = True
        message = f"正在生成第{shot.position}/{shot.total}帧..."
        event: dict[str, Any] = {"type": "progress", "current": shot.position, "total": shot.total}
        event |= {"progress": self._progress, "message": message, "sequence": shot.sequence} | _demo(self._work)
        change = Change(status=Status.RUNNING, message=message, current=len(self._outcomes), total=shot.total)
        await self._work.say(None, event, key=f"handed-{shot.position}", change=change)

    async def done(self, shot: BatchFrame, outcome: Outcome) -> None:
        self._outcomes[shot.position] = outcome
        event = outcome.told(shot, self._progress) | _demo(self._work)
        change = Change(status=Status.RUNNING, current=len(self._outcomes), stats=dump_text(self._counts))
        await self._work.say(None, event, key=f"done-{shot.position}", change=change)

    async def complete(self) -> None:
        outcomes = [self._outcomes[shot.position] for shot in self.shots]
        message = "所有帧生成完成"
        result = {
            "data": [
                outcome.item(shot) | _demo(self._work) for shot, outcome in zip(self.shots, outcomes, strict=True)
            ],
            "stats": stats(outcomes),
            "requestId": request_id(self._work),
            "completedAt": iso_time(),
        }
        change = Change(status=Status.COMPLETED, message=message, current=len(outcomes), result=dump_text(result))
        event: dict[str, Any] = {"type": "complete", "message": message, "stats": stats(outcomes)}
        await self._work.end(None, event | _demo(self._work), change)


class _BatchRun:
    """One life of a batch: frames wait at the gate, which is open while somebody reads."""

    def __init__(self, work: Work, board: BatchProgress, pictures: Pictures, audience: Audience) -> None:
        self._work = work
        self._task = work.task
        self._board = board
        self._pictures = pictures
        self._audience = audience
        self._gate = asyncio.Event()
        self._open_orders: set[str] = set()

    async def play(self) -> None:
        if await self._audience.present(self._task.id):
            self._gate.set()
        async with alongside(self._keep_gate()) as keeper:
            frames = asyncio.ensure_future(all_done(self._frame(shot) for shot in self._board.missing()))
            try:
                await asyncio.wait({frames, keeper}, return_when=asyncio.FIRST_COMPLETED)
                await (frames if frames.done() else keeper)
            finally:
                frames.cancel()
                await asyncio.gather(frames, return_exceptions=True)

    async def _keep_gate(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._audience.somebody(self._task.id), PARKED_SECONDS)
            except TimeoutError as error:
                raise BatchFailed("批量生成失败: 长时间没有读者，未提交的帧已放弃") from error
            self._gate.set()
            await self._audience.all_left(self._task.id, 0)
            self._gate.clear()
            await self._take_back(sorted(self._open_orders))

    async def _take_back(self, image_ids: list[str]) -> None:
        if not image_ids:
            return
        logger.info("batch.parked", extra={"task_id": self._task.id, "pictures": len(image_ids)})
        try:
            await self._pictures.drop(image_ids, self._task.owner)
        except ScriptToFrameError as error:
            logger.warning("batch.not_taken_back", extra={"task_id": self._task.id, "reason": error.message})

    async def _frame(self, shot: BatchFrame) -> None:
        attempt = 1
        outcome: Outcome | None = None
        while outcome is None:
            try:
                outcome = await self._attempt(shot, attempt)
            except ScriptToFrameError as error:
                outcome = refused(error)
            attempt += 1
        await self._board.done(shot, outcome)

    async def _attempt(self, shot: BatchFrame, attempt: int) -> Outcome | None:
        """The frame's outcome, or None when its order was taken back and has to be made again."""
        name = f"order-{shot.position}-{attempt}"
        if not await self._work.started(name):
            await self._gate.wait()
        image_id = await self._work.checkpoint(name, lambda: self._ordered(shot, attempt))
        await self._board.handed_over(shot)
        self._open_orders.add(image_id)
        try:
            if not self._gate.is_set():
                await self._take_back([image_id])
            return await self._awaited(image_id)
        finally:
            self._open_orders.discard(image_id)

    async def _ordered(self, shot: BatchFrame, attempt: int) -> str:
        form = shot.form(self._task.request.get("config"))
        key = f"{self._task.id}-{shot.position}-{attempt}"
        turn = self._task.created_at.timestamp() + shot.position * 1e-6
        order = PictureOrder(form, key, self._task.owner, self._task.id, turn, endless=self._board.begun)
        return await self._pictures.order(order)

    async def _awaited(self, image_id: str) -> Outcome | None:
        submitted_at: float | None = None
        async for event in self._pictures.events(image_id, self._task.owner):
            match event.name:
                case "submitted":
                    submitted_at = event.data["at"]
                    self._open_orders.discard(image_id)
                case "overdue":
                    return ended(image_id, event, submitted_at)
                case "canceled" if event.data.get("for_now"):
                    return None
                case _ if event.last:
                    return ended(image_id, event, submitted_at)
        raise BatchFailed("图片任务没有结束事件")


def _demo(work: Work) -> dict[str, bool]:
    return {"demo": True} if work.task.demo else {}


async def drawn_so_far(following: Following, task: Task) -> list[dict[str, Any] | None]:
    """The frames of a batch in their order, None in place of those that are not done."""
    if task.result and "data" in task.result:
        return list(task.result["data"])
    frames = task.request["frames"]
    events = [loads(event.data) for event in await following.stored(task.id)]
    outcomes = dict(recalled(event) for event in events if event["type"] in {"frame_complete", "frame_error"})
    batch = [BatchFrame(position, len(frames), frame) for position, frame in enumerate(frames, 1)]
    return [outcomes[frame.position].item(frame) if frame.position in outcomes else None for frame in batch]


async def frames_so_far(following: Following, task: Task) -> dict[str, Any]:
    """What R1 shows of a batch beside its head."""
    return {"data": await drawn_so_far(following, task)}

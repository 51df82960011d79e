"""Tasks that go on only while somebody reads: begun, joined, and waited for or followed (contract §2.3, §2.4)."""

from fastapi import Request, Response

from gateway.wiring import Wiring
from shared.errors import RequestInProgress, ScriptToFrameError
from shared.shutdown import server_restarting
from shared.tasks.accept import IdempotencyKey
from shared.tasks.model import NewTask, Task
from shared.web.disconnect import ClientDisconnected, run_until_disconnect
from shared.web.sse import FollowedLog, View


async def begun(
    request: Request, wired: Wiring, task: NewTask, key: IdempotencyKey | None, *, stream: bool
) -> Response | Task:
    """The event stream, or the task once it has ended; a plain response when the reader has left."""
    if stream:
        task_id = (await wired.core.registry.accept(task, key)).task_id
        return FollowedLog(wired.core.log.following, View(task_id, presence=wired.core.readers.joined(task_id)))
    # Reading before it can be found: a second request with the same key must see the first one's reader.
    async with wired.core.readers.joined(task.id):
        accepted = await wired.core.registry.accept(task, key)
        if accepted.created:
            return await _ended(request, wired, task.id)
    await _refuse_second_reader(wired, accepted.task_id)
    async with wired.core.readers.joined(accepted.task_id):
        return await _ended(request, wired, accepted.task_id)


async def _refuse_second_reader(wired: Wiring, task_id: str) -> None:
    """409 while somebody waits for the same answer; whoever comes after the last reader left goes on."""
    task = await wired.core.tasks.find(task_id)
    if task and not task.closed and await wired.core.readers.present(task_id):
        raise RequestInProgress().retry_after(2)


async def _ended(request: Request, wired: Wiring, task_id: str) -> Response | Task:
    try:
        await run_until_disconnect(request, wired.core.shutdown, wired.core.log.following.until_last(task_id))
    except ClientDisconnected:
        return Response(status_code=499)
    task = await wired.core.tasks.find(task_id)
    if task is None:
        raise ScriptToFrameError
    if not task.closed:
        raise server_restarting()
    return task

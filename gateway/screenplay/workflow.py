"""The workflow *screenplay*: characters and directory, then episode after episode, each told as it is written.

Whole parts and their pieces are events of the task's log; a later life goes on from there (see drafting.py).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.screenplay import prompts
from gateway.screenplay.checks import directory_entries, directory_problems, episode_problems, names_in
from gateway.screenplay.episode import Draft, EpisodeWriter
from gateway.screenplay.export import ScriptPart
from gateway.screenplay.parsing.outline import context_from
from gateway.screenplay.store import ScriptStore, full_script
from shared.errors import Canceled, LLMError, Reason, ScriptToFrameError
from shared.tasks.context import Work
from shared.tasks.log import EventLog
from shared.tasks.model import Change, Line, Status, Task, ending, told_of
from shared.wire import dump_line

PREVIOUS_CHARACTERS = 1500
SHORTEST_EPISODE = 21
_PREFIX = "生成内容出错: "
_CANCELED = "生成已被用户取消"


@dataclass(frozen=True, slots=True)
class Order:
    """The script that is wanted."""

    genre: str
    duration: str
    episodes: int
    characters: tuple[str, ...]


def order_of(request: dict[str, Any]) -> Order:
    """The order as its task keeps it."""
    return Order(request["genre"], request["duration"], request["episodes"], tuple(request["characters"]))


class ScriptFailed(LLMError):
    """An answer that is no script; its message is shown as it is."""


class Screenplay:
    """Runner of script tasks."""

    def __init__(self, episode_writer: EpisodeWriter, scripts: ScriptStore, log: EventLog) -> None:
        self._episode_writer = episode_writer
        self._scripts = scripts
        self._log = log

    async def run(self, work: Work) -> None:
        order = order_of(work.task.request)
        written = await self._scripts.whole(work.task.id)
        parts, unfinished = list(written.parts), written.unfinished
        await work.log.append(first_line(work.task.id, demo=work.task.demo))
        while len(parts) <= order.episodes:
            number = len(parts)
            draft = Draft(work, number, _question(order, parts), unfinished, order.episodes)
            await _open(work, order, number)
            parts.append(await self._written(draft, order, parts))
            unfinished = ""
        change = Change(status=Status.COMPLETED, message="剧本生成完成", current=order.episodes)
        told = {"task_id": work.task.id, "message": "剧本生成完成"} | _warned(parts)
        await work.end("complete", told | _demo(work), change)

    async def fail(self, work: Work, error: ScriptToFrameError) -> None:
        failure = error if isinstance(error, ScriptFailed) else ScriptToFrameError(_PREFIX + error.message)
        failure.error_code = error.error_code
        failure.because_of(error)
        data = {"message": failure.message, "errorCode": failure.error_code} | told_of(failure)
        await work.end("error", data | _demo(work), ending(failure))

    async def cancel(self, task: Task) -> None:
        """Close the log: readers end at once, and whoever writes closes its connection. Raises LogClosed."""
        data = {"message": _CANCELED} | ({"demo": True} if task.demo else {})
        change = ending(Canceled(_CANCELED), Status.CANCELED)
        await self._log.append(Line(task.id, "canceled", dump_line(data), last=True, change=change))

    async def details(self, task: Task) -> dict[str, Any]:
        """The texts written so far."""
        script = await self._scripts.whole(task.id)
        return {"full_script": script.full_script, "episodes": script.episodes()} | _warned(script.parts)

    async def _written(self, draft: Draft, order: Order, earlier: Sequence[ScriptPart]) -> ScriptPart:
        """The last piece and the whole part are stored together: no crash can fall between them.

        What is not as ordered is asked for once more, with the reason.
        """
        last = await self._episode_writer.finish(draft)
        part = _checked(order, draft, last, earlier)
        if part.problems and not _failure(part):
            await draft.add(last)
            await draft.drop("；".join(part.problems))
            draft.question = prompts.again(draft.question, part.problems)
            last = await self._episode_writer.finish(draft)
            part = _checked(order, draft, last, earlier)
        if failure := _failure(part) or _buys_nothing(part):
            await draft.add(last)
            raise ScriptFailed(failure, reason=None if part.content.strip() else Reason.NO_TEXT)
        await asyncio.gather(draft.add(last), _close(draft.work, part))
        return part


def first_line(task_id: str, *, demo: bool) -> Line:
    """The first event; whoever is there first appends it."""
    data = {"task_id": task_id} | ({"demo": True} if demo else {})
    return Line(task_id, "task_id", dump_line(data), key="task", change=Change(status=Status.RUNNING))


async def _open(work: Work, order: Order, number: int) -> None:
    message = f"正在生成第{number}集..." if number else "正在生成角色表和目录..."
    told = work.say("status", {"message": message}, key=f"status-{number}", change=Change(message=message))
    if not number:
        await told
        return
    progress = {"current": number, "total": order.episodes}
    await asyncio.gather(told, work.say("progress", progress, key=f"progress-{number}", change=Change(current=number)))


async def _close(work: Work, part: ScriptPart) -> None:
    warned = _warned([part])
    if part.episode:
        data = {"episode": part.episode, "content": part.content, "is_complete": True}
        await work.say("episode_content", data | warned, key=f"part-{part.episode}")
    else:
        await work.say("initial_content", {"content": part.content} | warned, key="part-0")


def _question(order: Order, parts: list[ScriptPart]) -> str:
    if not parts:
        return prompts.directory(order.genre, order.duration, order.episodes, order.characters)
    directory = parts[0].content
    # A directory that was not understood in all its parts is handed on as it is.
    unclear = directory_problems(directory, order.episodes, order.characters)
    context = directory if unclear else context_from(directory).as_text()
    previous = full_script(parts)[-PREVIOUS_CHARACTERS:]
    return prompts.episode(len(parts), order.episodes, order.duration, context, previous)


def _checked(order: Order, draft: Draft, last: str, earlier: Sequence[ScriptPart]) -> ScriptPart:
    """The part with what it is not as it was ordered; `earlier` begins with the directory."""
    text = draft.text + last
    if not draft.episode:
        problems = directory_problems(text, order.episodes, order.characters)
    else:
        cast = names_in(earlier[0].content)
        problems = episode_problems(text, draft.episode, cast, [told.content for told in earlier[1:]])
    return ScriptPart(draft.episode, text, tuple(problems))


def _warned(parts: Iterable[ScriptPart]) -> dict[str, Any]:
    told = [
        {"code": "SCRIPT_NOT_AS_ORDERED", "message": problem, "episode": part.episode}
        for part in parts
        for problem in part.problems
    ]
    return {"warnings": told} if told else {}


def _failure(part: ScriptPart) -> str:
    length = len(part.content.strip())
    if part.episode:
        return "生成的剧本内容为空或太短" if length < SHORTEST_EPISODE else ""
    return "" if length else "角色表和目录生成失败"


def _buys_nothing(part: ScriptPart) -> str:
    """Why no episode is ordered after this directory: it has none, or is a refusal."""
    lost = not part.episode and not directory_entries(part.content)
    return f"角色表和目录生成失败（{'；'.join(part.problems)}）" if lost else ""


def _demo(work: Work) -> dict[str, Any]:
    return {"demo": True} if work.task.demo else {}

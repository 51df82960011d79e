"""One part of a script, written to its end: a broken answer is gone on with where its text stops."""

import asyncio
import logging
from dataclasses import dataclass

from gateway.screenplay import prompts
from gateway.screenplay.merge import merged_pieces
from gateway.screenplay.model import Interrupted, ScriptModel, Turn
from gateway.text.continuation import OverlapTrimmer
from shared.errors import LLMError
from shared.tasks.context import Work

logger = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE = 2.0
MOST_CALLS = 60
_END_MARKS = ("(完)", "（完）")


@dataclass(slots=True)
class Draft:
    """A part that is being written; `text` is what its events hold already."""

    work: Work
    episode: int
    question: str
    text: str = ""

    @property
    def over(self) -> bool:
        """Whether an episode has its closing mark: its end was written, only the model's good-bye got lost."""
        return self.episode > 0 and self.text.rstrip().endswith(_END_MARKS)

    @property
    def turns(self) -> list[Turn]:
        asked = [Turn("user", self.question)]
        if self.text.strip():
            asked += [Turn("assistant", self.text), Turn("user", prompts.continuation())]
        return asked

    async def add(self, piece: str) -> None:
        """Store and show a piece."""
        if piece:
            self.text += piece
            data = {"content": piece, "is_complete": False, "episode": self.episode}
            await self.work.say("content_chunk", data)


@dataclass(frozen=True, slots=True)
class EpisodeWriter:
    """Writes drafts with a model that may stay silent for `silence` seconds."""

    model: ScriptModel
    silence: float

    async def finish(self, draft: Draft) -> str:
        """Write until the model says that it is done; gives the last piece, not yet added. Raises LLMError."""
        fruitless = 0
        for call in range(MOST_CALLS):
            if draft.over:
                return ""
            reached = len(draft.text)
            try:
                return await self._go_on(draft)
            except Interrupted as cut:
                fruitless = 0 if len(draft.text) > reached else fruitless + 1
                logger.info("script.interrupted", extra=_where(draft, call, cut))
                if fruitless >= ATTEMPTS:
                    raise
                await asyncio.sleep(max(cut.wait, PAUSE if fruitless else 0.0))
        raise LLMError("回答一再中断，未能写完")

    async def _go_on(self, draft: Draft) -> str:
        """One call. What the trimmer still holds when the answer breaks off is kept, too."""
        trimmer = OverlapTrimmer(draft.text)
        async with merged_pieces(self.model.write(draft.turns), self.silence) as flow:
            try:
                while True:
                    piece = trimmer.feed(await flow.take())
                    if flow.ended:
                        return piece + trimmer.finish()
                    await draft.add(piece)
            except LLMError:
                await draft.add(trimmer.finish())
                raise


def _where(draft: Draft, call: int, cut: Interrupted) -> dict[str, object]:
    return {
        "task_id": draft.work.task.id,
        "episode": draft.episode,
        "characters": len(draft.text),
        "call": call + 1,
        "reason": cut.message,
    }

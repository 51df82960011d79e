"""One part of a script, written to its end: a broken answer is gone on with where its text stops."""

import asyncio
import logging
from dataclasses import dataclass

from gateway.screenplay import prompts
from gateway.screenplay.checks import is_closed
from gateway.screenplay.merge import Patience, merged_pieces
from gateway.screenplay.model import Interrupted, ScriptModel, Turn
from gateway.screenplay.parsing.outline import context_from
from gateway.text.continuation import OverlapTrimmer
from gateway.text.thoughts import ThoughtFilter
from shared.errors import LLMError, Reason
from shared.tasks.context import Work

logger = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE = 2.0
# Every call is paid for: a part may be cut by its length as often as it is long, but may not break off for ever.
MOST_CALLS = 60
MOST_CONTINUATIONS = 8
SHORTEST_DIRECTORY_LINE = 15
_ENDS_A_LINE = ("。", "！", "？", "…", "”", "）", "」", ".", "!", "?", "\n", "|")
_THOUGHT_ALOUD = "前面的文字是模型的思考过程"


@dataclass(slots=True)
class Draft:
    """A part that is being written; `text` is what its events hold already."""

    work: Work
    episode: int
    question: str
    text: str = ""
    episodes: int = 0

    @property
    def over(self) -> bool:
        """Whether all that was asked for is there, and only the model's good-bye got lost.

        An episode has its closing mark, a directory a line for each of its `episodes`.
        """
        if self.episode:
            return is_closed(self.text)
        lines = context_from(self.text).directory
        written = len(lines) >= self.episodes > 0 and len(lines[-1]) >= SHORTEST_DIRECTORY_LINE
        return written and self.text.endswith(_ENDS_A_LINE)

    @property
    def letters(self) -> int:
        """What progress is counted in: blank lines are none."""
        return len(self.text) - sum(map(str.isspace, self.text))

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

    async def take_back(self, to: str) -> None:
        """Tell readers to drop the part's text but `to`, its beginning."""
        if self.text == to:
            return
        await self.drop(_THOUGHT_ALOUD)
        await self.add(to)

    async def drop(self, reason: str) -> None:
        """Tell readers that all of the part's text is void."""
        await self.work.say("episode_retry", {"episode": self.episode, "reason": reason})
        self.text = ""


@dataclass(frozen=True, slots=True)
class EpisodeWriter:
    """Writes drafts."""

    model: ScriptModel
    patience: Patience

    async def finish(self, draft: Draft) -> str:
        """Write until the model says that it is done; gives the last piece, not yet added. Raises LLMError."""
        fruitless = broken = 0
        for call in range(MOST_CALLS):
            if draft.over:
                return ""
            reached = draft.letters
            try:
                return await self._go_on(draft)
            except Interrupted as cut:
                gained = draft.letters > reached
                fruitless += not gained
                broken += not cut.cut_by_length
                logger.info("script.interrupted", extra=_where(draft, call, cut))
                if fruitless >= ATTEMPTS and not draft.over:
                    raise
                if broken > MOST_CONTINUATIONS:
                    break
                await asyncio.sleep(0.0 if draft.over else max(cut.wait, 0.0 if gained else PAUSE))
        raise LLMError("回答一再中断，未能写完", reason=Reason.VENDOR_DOWN)

    async def _go_on(self, draft: Draft) -> str:
        """One call. What is still held back when the answer breaks off is kept, too."""
        before = draft.text
        thoughts, trimmer = ThoughtFilter(), OverlapTrimmer(before)
        async with merged_pieces(self.model.write(draft.turns), self.patience) as flow:
            try:
                while True:
                    visible = thoughts.feed(await flow.take())
                    if thoughts.disowned:
                        trimmer = OverlapTrimmer(before)
                        await draft.take_back(before)
                    piece = trimmer.feed(visible)
                    if flow.ended:
                        return piece + trimmer.feed(thoughts.finish()) + trimmer.finish()
                    await draft.add(piece)
            except LLMError:
                await draft.add(trimmer.feed(thoughts.finish()) + trimmer.finish())
                raise


def _where(draft: Draft, call: int, cut: Interrupted) -> dict[str, object]:
    return {
        "task_id": draft.work.task.id,
        "episode": draft.episode,
        "characters": len(draft.text),
        "call": call + 1,
        "reason": cut.message,
    }

"""Who reads a task: analyses and batches go on only while somebody does (contract §2.4)."""

from typing import Protocol

# As long as Idempotency-Keys are remembered: after that no reader of a JSON answer can come back.
PARKED_SECONDS = 24 * 3600.0


class Audience(Protocol):
    """Who reads a task."""

    async def present(self, task_id: str) -> bool: ...

    async def somebody(self, task_id: str) -> None: ...

    async def all_left(self, task_id: str, grace: float = 0) -> None: ...

"""What all vendor routers of one sandbox share."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.control.journal import Journal
from sandbox.control.ledger import Ledger
from sandbox.control.settings import SandboxSettings
from sandbox.faults.model import Faults


@dataclass(slots=True)
class Clock:
    """Wall time plus what POST /_clock has added."""

    offset: float = 0.0
    now: Callable[[], float] = time.time

    def __call__(self) -> float:
        return self.now() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds


@dataclass(slots=True)
class SandboxState:
    settings: SandboxSettings
    journal: Journal
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=Ledger)
    clock: Clock = field(default_factory=Clock)
    open_streams: Counter[str] = field(default_factory=Counter)
    _numbers: Counter[str] = field(default_factory=Counter)

    def next_number(self, series: str) -> int:
        """1, 2, 3 … per series: the source of every id, so that the same requests get the same ids."""
        self._numbers[series] += 1
        return self._numbers[series]

    def reached(self, series: str, number: int) -> None:
        """Numbers up to this one were given out before a restart."""
        self._numbers[series] = max(self._numbers[series], number)


def new_state(settings: SandboxSettings) -> SandboxState:
    return SandboxState(settings, Journal(settings.directory / "vendor_tasks.jsonl"))

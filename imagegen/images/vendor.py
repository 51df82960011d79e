"""What a picture vendor is to the life of an image: a Protocol, and the values that pass between the two."""

from dataclasses import dataclass
from typing import Any, Protocol

from imagegen.images.order import Order

# The code of a `Busy` that says: nobody took the order, because nobody was there.
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Result:
    """A finished image at the vendor: its bytes, or where they are. `raw` is the vendor's own answer, for B4."""

    data: bytes | None = None
    url: str | None = None
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor has taken the order: surely paid from here on."""

    vendor_task_id: str
    result: Result | None = None
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Busy:
    """An explicit "not now", surely not paid. `retry_after`: the vendor's pause in seconds; None: the rule decides."""

    code: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds without a slot; `to_end`: then at the end of the queue. `slow_down`: seconds with fewer slots for all.

    `number` counts the pauses before the next `to_end`.
    """

    seconds: float
    to_end: bool = False
    slow_down: float = 0
    number: int = 0


class ImageVendor(Protocol):
    """A picture vendor. Calls raise Transient for what may pass, ScriptToFrameError for what is final.

    Once an image is paid for, only what the vendor says about the image itself is final.
    """

    account: str

    def check_configured(self) -> bool:
        """Whether it is the sandbox. Raises ConfigurationError."""

    async def submit(self, order: Order) -> Accepted | Busy:
        """Buy. Raises OutcomeUnknown when nobody knows whether it was taken."""

    async def poll(self, vendor_task_id: str) -> Result | None:
        """The result, with a fresh link; None while it is being made."""

    async def fetch(self, url: str) -> bytes:
        """A result's bytes."""

    async def cancel(self, vendor_task_id: str) -> bool:
        """Whether the vendor confirmed the cancel."""

    def pause(self, elapsed: float, polled: int) -> float:
        """Seconds until the next query, `elapsed` seconds after the submit, while so many images are polled."""

    def learn(self, seconds: float) -> None:
        """How long the vendor took for an image."""

    def busy_pause(self, refusals: int, busy: Busy) -> Pause:
        """How to wait after the `refusals`-th refusal of its kind. Raises when it is to be given up."""

    @property
    def deadline(self) -> float:
        """Seconds after the submit at which an answer is no longer waited for."""

"""What the vendors were asked: how often each prompt was accepted, how many tasks ran at once, the last requests."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

LAST = 500
SHOWN = 4000
SECRET_NAMES = frozenset({"authorization", "x-api-key", "apikey", "x-security-token"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in, keys masked, long texts cut."""

    number: int
    at: float
    call: str
    prompt: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class VendorLedger:
    calls: Counter[str] = field(default_factory=Counter)
    submissions: Counter[str] = field(default_factory=Counter)
    max_in_flight: int = 0
    requests: deque[Call] = field(default_factory=lambda: deque(maxlen=LAST))


def masked(value: str) -> str:
    """A key shows its first four characters and its length; a signature is kept, it opens nothing by itself."""
    return value if len(value) < 8 else f"{value[:4]}…({len(value)})"


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: masked(value) if name.lower() in SECRET_NAMES else value for name, value in headers.items()}


class Ledger:
    """One book per vendor."""

    def __init__(self) -> None:
        self._books: defaultdict[str, VendorLedger] = defaultdict(VendorLedger)

    def record(
        self, vendor: str, call: str, *, prompt: str = "", headers: Mapping[str, str], body: str = "", at: float = 0.0
    ) -> None:
        """Notes a request, accepted or not. `body` must come without keys."""
        book = self._books[vendor]
        book.calls[call] += 1
        number = book.calls.total()
        book.requests.append(Call(number, at, call, prompt[:SHOWN], mask_headers(headers), body[:SHOWN]))

    def submitted(self, vendor: str, prompt: str, in_flight: int = 0) -> None:
        """Counts an accepted, therefore billed, piece of work."""
        book = self._books[vendor]
        book.submissions[prompt] += 1
        book.max_in_flight = max(book.max_in_flight, in_flight)

    def snapshot(self, last: int = 50) -> dict[str, dict[str, object]]:
        return {vendor: _shown(book, last) for vendor, book in self._books.items()}


def _shown(book: VendorLedger, last: int) -> dict[str, object]:
    requests = list(book.requests)[-last:] if last else []
    return {
        "calls": dict(book.calls),
        "submissions": dict(book.submissions),
        "submitted": book.submissions.total(),
        "max_in_flight": book.max_in_flight,
        "requests": [asdict(call) for call in requests],
    }

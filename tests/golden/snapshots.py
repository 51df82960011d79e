"""Golden texts: compared as they are, written anew with UPDATE_SNAPSHOTS=1 (then look at the diff)."""

import os
from pathlib import Path

_GOLDEN = Path(__file__).parent
_UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"  # noqa: TID251 (a switch of the test run, not a setting)


def assert_snapshot(name: str, text: str) -> None:
    """`name` is a path under tests/golden."""
    path = _GOLDEN / name
    if _UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text

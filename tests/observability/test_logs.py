"""The log file turns over, and stays JSON lines."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.telemetry import logs
from shared.telemetry.output import flush_all


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:], root.level = handlers, level


def test_a_full_log_file_turns_over_and_keeps_five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 100_000)
    path = tmp_path / "service.log"
    logs.configure("gateway", logs.LogSettings(file=str(path)))
    for number in range(1000):
        logging.getLogger("test").info("a.line", extra={"text": f"{'x' * 1000}{number}"})
    flush_all()
    files = sorted(tmp_path.glob("service.log*"))
    assert [file.name for file in files] == ["service.log"] + [f"service.log.{n}" for n in range(1, len(files))]
    assert len(files) == 6
    assert all(file.stat().st_size <= 100_000 for file in files)
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["event"] == "a.line"

"""An append-only file of JSON lines, so that vendor tasks and counts outlive a killed sandbox."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

Line = dict[str, object]


class Journal:
    """Writes in one thread, in order. A line is with the kernel before `append` returns: kill -9 cannot lose it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def load(self) -> list[Line]:
        """All whole lines; one cut off by a kill was never answered for and is dropped."""
        if not self._path.exists():
            return []
        raw = self._path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            self._path.write_bytes(whole)
        return [json.loads(line) for line in whole.splitlines()]

    async def append(self, line: Line) -> None:
        data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        await asyncio.get_running_loop().run_in_executor(self._writer, self._write, data)

    def close(self) -> None:
        self._writer.shutdown(wait=True)

    def _write(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab", buffering=0) as file:
            file.write(data)

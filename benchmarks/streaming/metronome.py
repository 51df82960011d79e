"""A Messages API that costs next to nothing: every delta is the moment at which it was sent.

`python -m benchmarks.streaming.metronome PORT DELTAS_PER_SECOND DELTAS` prints when its streams were closed early.
"""

import asyncio
import json
import sys
import time

import uvloop

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(name: str, data: dict[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


_USAGE = {"input_tokens": 1, "output_tokens": 1}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "metronome", "content": []}
_OPENING = event("message_start", {"message": _MESSAGE | {"stop_reason": None, "stop_sequence": None, "usage": _USAGE}})
_OPENING += event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
_CLOSING = event("content_block_stop", {"index": 0})
_CLOSING += event("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": _USAGE})
_CLOSING += event("message_stop", {})
_DELTA = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%.5f "}}\n\n'
)


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


class Metronome:
    """Answers every request with so many deltas, so many a second."""

    def __init__(self, rate: float, deltas: int) -> None:
        self._pause = 1 / rate if rate else 0.0
        self._deltas = deltas

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._swallow(reader):
                await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _swallow(self, reader: asyncio.StreamReader) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        return True

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD + chunk(_OPENING))
        due = time.monotonic()
        for _ in range(self._deltas):
            if reader.at_eof() or writer.is_closing():
                sys.stdout.write(f"{time.monotonic():.5f}\n")
                sys.stdout.flush()
                raise ConnectionResetError
            writer.write(chunk(_DELTA % time.monotonic()))
            due += self._pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        writer.write(chunk(_CLOSING) + b"0\r\n\r\n")
        await writer.drain()


async def _main(port: int, rate: float, deltas: int) -> None:
    server = await asyncio.start_server(Metronome(rate, deltas).serve, "127.0.0.1", port, backlog=2000)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))

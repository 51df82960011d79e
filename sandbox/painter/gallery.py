"""The sandbox's picture store: painted once per content, off the event loop, served until the link dies."""

import asyncio
import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from sandbox.control.state import SandboxState
from sandbox.faults.generic import instead, spoiled
from sandbox.painter import paint_jpeg, paint_plain, paint_png

LINK_SECONDS = 24 * 3600
PAINTERS = 2
PATIENCE = 2.0
FILE = "file"
GONE = "<Error><Code>NoSuchKey</Code><Message>The link has expired.</Message></Error>"


@dataclass(frozen=True, slots=True)
class Order:
    """Everything a picture depends on."""

    prompt: str
    width: int
    height: int
    variant: int = 0

    @property
    def name(self) -> str:
        content = f"{self.width}x{self.height}/{self.variant}/{self.prompt}"
        return hashlib.sha256(content.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Noted:
    """Who gave out the link, and when."""

    vendor: str
    order: Order
    at: float


class Gallery:
    """Orders pictures and finds them again by name."""

    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._folder = state.settings.directory / "pictures"
        self._noted: dict[str, Noted] = {}
        self._painting: dict[str, asyncio.Future[Path]] = {}
        self._painters = ThreadPoolExecutor(PAINTERS, thread_name_prefix="painter")

    def note(self, vendor: str, order: Order, at: float) -> None:
        """Makes the link valid from `at` on; the picture is painted when it is first wanted."""
        self._noted[order.name] = Noted(vendor, order, at)

    def start(self, order: Order) -> asyncio.Future[Path]:
        """Begins to paint unless that is already going on."""
        key = f"{order.name}-{self._state.settings.paint}"
        if key not in self._painting:
            loop = asyncio.get_running_loop()
            painting = loop.run_in_executor(self._painters, self._paint, order, self._file(order))
            painting.add_done_callback(lambda _: self._painting.pop(key))
            self._painting[key] = painting
        return self._painting[key]

    async def path(self, order: Order) -> Path:
        """The finished file. Whoever asks while it is being painted waits for the same painting."""
        return await asyncio.shield(self.start(order))

    async def ready(self, *orders: Order) -> bool:
        """Whether all are painted, waiting for that only so long that no caller runs into its own timeout."""
        _, unfinished = await asyncio.wait([self.start(order) for order in orders], timeout=PATIENCE)
        return not unfinished

    async def read(self, order: Order) -> bytes:
        return await asyncio.to_thread((await self.path(order)).read_bytes)

    async def jpeg(self, order: Order) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(
            self._painters, paint_jpeg, order.prompt, order.width, order.height
        )

    def find(self, name: str) -> Noted | None:
        """None for a name never given out, and for one given out more than 24 h ago."""
        noted = self._noted.get(name)
        return noted if noted and self._state.clock() - noted.at <= LINK_SECONDS else None

    def close(self) -> None:
        self._painters.shutdown(wait=False, cancel_futures=True)

    def _file(self, order: Order) -> Path:
        return self._folder / f"{order.name}-{self._state.settings.paint}.png"

    def _paint(self, order: Order, file: Path) -> Path:
        if file.exists():
            return file
        paint = paint_plain if file.stem.endswith("plain") else paint_png
        data = paint(order.prompt, order.width, order.height, order.variant)
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        unfinished.write_bytes(data)
        unfinished.replace(file)
        return file


def padded(picture: bytes, size: int) -> bytes:
    """A picture that weighs at least so much; decoders ignore what follows the end mark."""
    return picture + bytes(max(0, size - len(picture)))


def router(state: SandboxState, gallery: Gallery) -> APIRouter:
    routes = APIRouter(tags=["pictures"])

    @routes.get("/_pictures/{name}.png")
    async def picture(name: str, behave: str = "") -> Response:
        """`behave` is how the links of a fault misbehave: dead, forbidden, html, jpeg, or a number of bytes."""
        noted = gallery.find(name)
        if behave == "forbidden":
            return _gone(403)
        if noted is None or behave == "dead":
            return _gone(404)
        fault = state.faults.take(noted.vendor, FILE, noted.order.prompt)
        if fault and fault.kind == "gzip":
            return _compressed()
        return instead(fault, _gone) or spoiled(fault, await _shown(gallery, noted.order, behave))

    return routes


async def _shown(gallery: Gallery, order: Order, behave: str) -> Response:
    if behave == "html":
        return HTMLResponse("<html><body>not a picture</body></html>")
    if behave == "jpeg":
        return Response(await gallery.jpeg(order), media_type="image/jpeg")
    if behave.isdecimal():
        return Response(padded(await gallery.read(order), int(behave)), media_type="image/png")
    return FileResponse(await gallery.path(order), media_type="image/png")


def _compressed() -> Response:
    """A small answer that would be a large one, though nobody asked for a compressed one."""
    return Response(gzip.compress(bytes(2**20)), media_type="image/png", headers={"Content-Encoding": "gzip"})


def _gone(status: int) -> Response:
    return Response(GONE, status, media_type="application/xml")

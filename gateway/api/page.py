"""B8: the built-in page, its files held in memory, compressed once."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib import resources

from fastapi import APIRouter, Request, Response

from shared.errors import NotFound

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_HEADERS = {
    # The files carry no version in their names: ask each time, and be told "unchanged".
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_SERVED = (".html", ".css", ".js", ".svg", ".png", ".webmanifest")


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page as it is sent."""

    content_type: str
    plain: bytes
    compressed: bytes
    etag: str


def load_files() -> dict[str, PageFile]:
    """All files of the page, by name."""
    folder = resources.files("gateway.web")
    return {entry.name: _loaded(entry.name, entry.read_bytes()) for entry in folder.iterdir() if _served(entry.name)}


def _served(name: str) -> bool:
    return name.endswith(_SERVED)


def _loaded(name: str, data: bytes) -> PageFile:
    guessed = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
    suffix = name[name.rindex(".") :]
    content_type = guessed.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    digest = hashlib.sha256(data).hexdigest()[:16]
    return PageFile(content_type, data, gzip.compress(data, mtime=0), f'"{digest}"')


def page_router(files: dict[str, PageFile]) -> APIRouter:
    """`/`, `/web/{name}`, and the icon that browsers ask for beside any other document."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page(request: Request) -> Response:
        return _sent(files["index.html"], request, {"Content-Security-Policy": POLICY})

    @router.get("/favicon.ico")
    async def icon(request: Request) -> Response:
        return _sent(files["favicon.svg"], request, {})

    @router.get("/web/{name}")
    async def file(name: str, request: Request) -> Response:
        if name not in files:
            raise NotFound
        return _sent(files[name], request, {})

    return router


def _sent(file: PageFile, request: Request, own: dict[str, str]) -> Response:
    headers = _HEADERS | own | {"ETag": file.etag}
    if request.headers.get("if-none-match") in {file.etag, f"W/{file.etag}"}:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.compressed, media_type=file.content_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.plain, media_type=file.content_type, headers=headers)

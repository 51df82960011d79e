"""Fetching vendor results: https from public addresses only, or from the very host that we were configured with."""

import asyncio
import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

import httpx

from imagegen.images.validation import LARGEST_BYTES
from shared.errors import ImageGenerationError, ScriptToFrameError
from shared.outbound.client import describe
from shared.outbound.retry import Transient, retry_after_seconds

_MOST_REDIRECTS = 3
_SECONDS = 60.0
_FORBIDDEN = "图片下载失败: 不允许的地址"


class Downloads:
    """`trusted` are URLs whose origins may be plain http or private: the configured vendor and the sandbox."""

    def __init__(self, client: httpx.AsyncClient, trusted: set[str], failed: type[ScriptToFrameError]) -> None:
        self._client = client
        self._trusted = {origin_of(url) for url in trusted if url}
        self._failed = failed

    async def fetch(self, url: str) -> bytes:
        """The bytes behind a vendor's link. Raises Transient for what may pass."""
        try:
            async with asyncio.timeout(_SECONDS):
                for _ in range(_MOST_REDIRECTS + 1):
                    target, data = await self._fetch_one(url)
                    if data is not None:
                        return data
                    url = target
        except (httpx.HTTPError, OSError) as error:
            raise Transient(self._failed(f"图片下载失败: {describe(error)}")) from error
        except (httpx.InvalidURL, ValueError) as error:
            raise self._failed(_FORBIDDEN) from error
        raise self._failed("图片下载失败: 重定向过多")

    async def _fetch_one(self, url: str) -> tuple[str, bytes | None]:
        request = await self._request(url)
        response = await self._client.send(request, stream=True)
        try:
            if response.is_redirect:
                return urljoin(url, response.headers.get("location", "")), None
            if response.status_code != 200:
                raise self._refusal(response)
            return url, await _read(response)
        finally:
            await response.aclose()

    def _refusal(self, response: httpx.Response) -> Exception:
        error = self._failed(f"图片下载失败: HTTP {response.status_code}")
        if response.status_code == 429 or response.status_code >= 500:
            return Transient(error, retry_after_seconds(response.headers.get("retry-after")))
        return error

    async def _request(self, url: str) -> httpx.Request:
        if origin_of(url) in self._trusted:
            return self._client.build_request("GET", url)
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise ImageGenerationError(_FORBIDDEN)
        address = await _public_address(parts.hostname, parts.port or 443)
        # Connecting to the checked address itself, so that a second DNS answer cannot lead elsewhere.
        host = f"[{address}]" if ":" in address else address
        pinned = httpx.URL(url).copy_with(host=host.strip("[]"))
        return self._client.build_request(
            "GET", pinned, headers={"Host": parts.netloc}, extensions={"sni_hostname": parts.hostname}
        )


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


async def _public_address(host: str, port: int) -> str:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    if not addresses or not all(ipaddress.ip_address(address).is_global for address in addresses):
        raise ImageGenerationError(_FORBIDDEN)
    return addresses[0]


async def _read(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > LARGEST_BYTES:
            raise ImageGenerationError("图片下载失败: 图片过大")
    return bytes(data)

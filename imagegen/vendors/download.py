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
_NAT64, _LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48")
_SECONDS = 60.0
# A compressed answer could become any size in memory.
_PLAIN = {"Accept-Encoding": "identity"}
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
        raise Transient(self._failed("图片下载失败: 重定向过多"))

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
        """Whatever the host says, a fresh link may lead to the image."""
        error = self._failed(f"图片下载失败: HTTP {response.status_code}")
        return Transient(error, retry_after_seconds(response.headers.get("retry-after")))

    async def _request(self, url: str) -> httpx.Request:
        if origin_of(url) in self._trusted:
            return self._client.build_request("GET", url, headers=_PLAIN)
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise ImageGenerationError(_FORBIDDEN)
        address = await _public_address(parts.hostname, parts.port or 443)
        # Connecting to the checked address itself, so that a second DNS answer cannot lead elsewhere.
        host = f"[{address}]" if ":" in address else address
        pinned = httpx.URL(url).copy_with(host=host.strip("[]"))
        return self._client.build_request(
            "GET", pinned, headers=_PLAIN | {"Host": parts.netloc}, extensions={"sni_hostname": parts.hostname}
        )


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


async def _public_address(host: str, port: int) -> str:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    if not addresses or not all(_is_public(ipaddress.ip_address(address)) for address in addresses):
        raise ImageGenerationError(_FORBIDDEN)
    return addresses[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Also of what is wrapped into an IPv6 address: 6to4, NAT64, IPv4-mapped and IPv4-compatible."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in _NAT64 or int(address) < 2**32):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address in _LOCAL_NAT64 or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Transient(ImageGenerationError("图片下载失败: 不支持的编码"))
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > LARGEST_BYTES:
            raise ImageGenerationError("图片下载失败: 图片过大")
    return bytes(data)

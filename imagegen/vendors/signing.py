"""Volcengine's request signature, by the official SDK's signer; the only user of that package."""

from urllib.parse import urlsplit

try:
    from volcengine.auth.SignerV4 import SignerV4
    from volcengine.base.Request import Request
    from volcengine.Credentials import Credentials

    SDK_AVAILABLE = True
except ImportError:
    SDK_AVAILABLE = False

SERVICE = "cv"
REGION = "cn-north-1"


def signed_headers(url: str, query: dict[str, str], body: bytes, keys: tuple[str, str]) -> dict[str, str]:
    """Headers of a POST of exactly these bytes. `keys` are access key and secret key."""
    parts = urlsplit(url)
    request = Request()
    request.set_schema(parts.scheme)
    request.set_method("POST")
    request.set_host(parts.netloc)
    request.set_path("/")
    request.set_query(query)
    request.set_headers({"Host": parts.netloc, "Content-Type": "application/json"})
    request.set_body(body)
    SignerV4.sign(request, Credentials(*keys, SERVICE, REGION))
    return dict(request.headers)

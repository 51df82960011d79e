"""Volcengine's HMAC-SHA256 request signature, checked from the raw bytes (vendor page "signature"; SDK SignerV4)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

REGION = "cn-north-1"
SERVICE = "cv"
VALID_SECONDS = 900
NEEDED = frozenset({"host", "x-date", "x-content-sha256"})
AUTHORIZATION = re.compile(
    r"HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), *"
    r"SignedHeaders=(?P<signed>[^,]+), *Signature=(?P<signature>[0-9a-f]+)"
)


@dataclass(frozen=True, slots=True)
class GatewayError:
    """An error of the OpenAPI front, in its own numbering."""

    number: int
    code: str
    status: int
    message: str


MISSING_PARAMETER = GatewayError(100002, "MissingParameter", 400, "The request is missing the Action parameter.")
MISSING_INFO = GatewayError(100004, "MissingRequestInfo", 400, "The request is missing date information.")
MISSING_SIGNATURE = GatewayError(100005, "MissingSignature", 401, "The request is missing the signature.")
INVALID_TIMESTAMP = GatewayError(100006, "InvalidTimestamp", 400, "The request timestamp is expired or invalid.")
INVALID_ACTION = GatewayError(100008, "InvalidActionOrVersion", 404, "Could not find operation for this version.")
INVALID_KEY = GatewayError(100009, "InvalidAccessKey", 401, "The access key in the request is invalid.")
MISMATCH = GatewayError(100010, "SignatureDoesNotMatch", 401, "The request signature does not match.")
ACCESS_DENIED = GatewayError(100013, "AccessDenied", 403, "The account is not authorised for this operation.")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What the signature covers, as it came over the wire. Header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def check(request: SignedRequest, keys: Mapping[str, str], now: float) -> GatewayError | None:
    """None when the request was signed with one of the keys (access key → secret) less than 900 s from `now`."""
    authorization = request.headers.get("authorization", "")
    found = AUTHORIZATION.fullmatch(authorization)
    if found is None:
        return MISSING_SIGNATURE
    date = request.headers.get("x-date")
    if date is None:
        return MISSING_INFO
    if found["key"] not in keys:
        return INVALID_KEY
    if not _fresh(date, now):
        return INVALID_TIMESTAMP
    return None if _matches(request, found, date, keys[found["key"]]) else MISMATCH


def _fresh(date: str, now: float) -> bool:
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(now - signed_at.timestamp()) <= VALID_SECONDS


def _matches(request: SignedRequest, found: re.Match[str], date: str, secret: str) -> bool:
    names = found["signed"].split(";")
    scope = f"{date[:8]}/{REGION}/{SERVICE}/request"
    body_hash = hashlib.sha256(request.body).hexdigest()
    if not NEEDED.issubset(names) or found["scope"] != scope:
        return False
    if request.headers.get("x-content-sha256") != body_hash:
        return False
    canonical = _canonical(request, names, body_hash)
    to_sign = "\n".join(["HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    expected = hmac.new(_key(secret, date[:8]), to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, found["signature"])


def _canonical(request: SignedRequest, names: list[str], body_hash: str) -> str:
    headers = "".join(f"{name}:{_header(request, name)}\n" for name in sorted(names))
    return "\n".join([request.method, request.path, _query(request.query), headers, ";".join(sorted(names)), body_hash])


def _header(request: SignedRequest, name: str) -> str:
    value = request.headers.get(name, "")
    return re.sub(r":(80|443)$", "", value) if name == "host" else value


def _query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)


def _key(secret: str, day: str) -> bytes:
    key = secret.encode()
    for part in (day, REGION, SERVICE, "request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key

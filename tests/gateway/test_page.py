"""B8: the page's files as they are served."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest

from gateway.api.page import load_files
from tests.stack import ROOT

WEB = ROOT / "gateway" / "web"
FILES = sorted(path.name for path in WEB.iterdir() if path.suffix in {".js", ".css", ".svg"})
MOST_BYTES = 80 * 1024
# What a file may fetch: a module of ours, a style of ours. Words for people may name other hosts.
FETCHED = re.compile(r"""(?:from|import\(?|src=|url\(|@import)\s*["'(]*(https?:)?//""")


def test_all_files_together_weigh_at_most_eighty_kilobytes() -> None:
    files = load_files()
    assert len(files) > 20
    assert sum(len(file.compressed) for file in files.values()) <= MOST_BYTES


@pytest.mark.parametrize("name", ["index.html", *FILES])
def test_no_file_names_a_file_of_another_host(name: str) -> None:
    assert not FETCHED.search((WEB / name).read_text())


def test_the_page_comes_without_inline_script_or_style() -> None:
    html = (WEB / "index.html").read_text()
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|javascript:", html)


def test_the_policy_lets_only_our_own_files_in(gateway: httpx.Client) -> None:
    answer = gateway.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_as_what_it_is_and_is_asked_for_only_once(gateway: httpx.Client, name: str) -> None:
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    first = gateway.get(f"/web/{name}")
    assert first.headers["content-type"] == kinds[Path(name).suffix]
    assert first.content == (WEB / name).read_bytes()
    again = gateway.get(f"/web/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_who_cannot_unpack_gets_it_plain(gateway: httpx.Client) -> None:
    with gateway.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join(packed.iter_raw())
    plain = gateway.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert all("Accept-Encoding" in answer.headers["vary"] for answer in (packed, plain))


@pytest.mark.parametrize("name", ["none.js", "__init__.py", "..%2fsettings.py", "%2e%2e/app.py"])
def test_nothing_else_is_served(gateway: httpx.Client, name: str) -> None:
    answer = gateway.get(f"/web/{name}")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NOT_FOUND")


def test_the_page_listens_to_every_event_that_streams_tell() -> None:
    """EventSource drops names that nobody has asked for."""
    described = json.loads((ROOT / "tests" / "openapi" / "gateway.json").read_text())["components"]["schemas"]
    told = {
        name
        for schema in described.values()
        if isinstance(event := schema.get("properties", {}).get("event"), dict)
        for name in (event.get("enum") or [event["const"]])
    }
    listed = (ROOT / "gateway" / "web" / "stream.js").read_text().split("const NAMES = [")[1].split("];")[0]
    assert told
    assert told - set(re.findall(r'"([a-z_]+)"', listed)) == set()

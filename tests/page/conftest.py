"""The page in real headless Chromium. Every page that a test opens must end without a console error and without
having asked another host for anything."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.plain import http
from tests.stack import Stack

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")  # noqa: TID251 - where the browser lies is no setting of ours
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-software-rasterizer",
    "--in-process-gpu",
    "--disable-extensions",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
]
PATIENCE_MS = 30_000
OpenPage = Callable[..., Page]


# Quick enough not to be waited for, slow enough for a person, and a test, to come in between.
PACE: dict[str, object] = {
    "deepseek_seconds": [0.02, 0.08],
    "jimeng_seconds": [0.1, 0.3],
    "runninghub_seconds": [0.1, 0.3],
    "runninghub_outputs_lag": 0.1,
    "claude_deltas_per_second": 400,
}


@pytest.fixture(scope="package")
def brisk(_running_stack: Stack) -> Iterator[Stack]:
    """The shared stack at the page's pace."""
    before = http.get(f"{_running_stack.sandbox_url}/_settings").json()
    _running_stack.tune(**PACE)
    yield _running_stack
    _running_stack.tune(**{name: before[name] for name in PACE})


@pytest.fixture(scope="package")
def base_url(brisk: Stack) -> str:
    return brisk.gateway_url


# Not one for the whole run: Playwright's own loop must not be running when other tests start theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"no browser at {CHROMIUM}: install Debian's chromium, or set CHROMIUM to where yours lies")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


class Watch:
    """What a page did that it must not do."""

    def __init__(self, base_url: str) -> None:
        self.hosts = {urlsplit(base_url).netloc}
        self.faults: list[str] = []
        self.tolerated: list[str] = []
        self._heard = {"console": self._said, "pageerror": self._broke, "request": self._asked}

    @contextmanager
    def following(self, page: Page) -> Iterator[None]:
        for event, heard in self._heard.items():
            page.on(event, heard)  # type: ignore[call-overload]
        yield
        for event, heard in self._heard.items():
            page.remove_listener(event, heard)

    def _broke(self, error: Error) -> None:
        self.faults.append(f"uncaught: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc not in self.hosts:
            self.faults.append(f"asked another host: {request.url}")

    def left(self) -> list[str]:
        return [fault for fault in self.faults if not any(word in fault for word in self.tolerated)]


@pytest.fixture(scope="package")
def still_page(browser: Browser, base_url: str) -> Iterator[Page]:
    """One page for all tests that only look at what is served, and leave no trace on it."""
    page = new_page(browser, base_url)
    arrive(page, "#/api")
    yield page
    page.context.close()


@pytest.fixture
def unhurried(brisk: Stack) -> Iterator[Stack]:
    """Slow enough that something can be done in the middle, whatever else the machine does."""
    brisk.tune(claude_deltas_per_second=60, deepseek_seconds=[0.6, 0.8], jimeng_seconds=[0.8, 1.0])
    yield brisk
    brisk.tune(**PACE)


@pytest.fixture(scope="package")
def script_id(brisk: Stack) -> str:
    """A finished script of three episodes."""
    given = {"genre": "Urban mystery", "duration": "1 minute", "episodes": 3, "characters": ["Mara,female,34"]}
    answer = http.post(f"{brisk.gateway_url}/api/stream/generate-script", json=given)
    assert "event: complete" in answer.text
    return answer.headers["location"].split("/")[-2]


@pytest.fixture
def watch(base_url: str) -> Iterator[Watch]:
    watch = Watch(base_url)
    yield watch
    assert watch.left() == []


def arrive(page: Page, address: str) -> None:
    page.goto(f"/{address}")
    expect(page.locator("html[data-ready]")).to_have_count(1)


def new_page(browser: Browser, base_url: str, **options: object) -> Page:
    """`options` are those of Playwright's `new_context`."""
    wanted = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}, "base_url": base_url, **options}
    page = browser.new_context(**wanted).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    return page


@pytest.fixture(scope="package")
def _tab(browser: Browser, base_url: str) -> Iterator[Page]:
    page = new_page(browser, base_url)
    yield page
    page.context.close()


@pytest.fixture
def tab(_tab: Page) -> Iterator[Page]:
    """The tab of all tests that need nothing special, without a trace of earlier ones; a new one costs a second."""
    yield _tab
    _tab.unroute_all(behavior="ignoreErrors")
    _tab.context.set_offline(False)
    _tab.goto("/livez")
    _tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")


@pytest.fixture
def open_page(browser: Browser, base_url: str, tab: Page, watch: Watch) -> Iterator[OpenPage]:
    """Opens the page at an address like `#/tasks`; keywords go to Playwright's `new_context`."""
    with ExitStack() as ends:
        free = [tab]

        def opened(address: str = "", **options: object) -> Page:
            if options or not free:
                watch.hosts.add(urlsplit(str(options.get("base_url", base_url))).netloc)
                page = new_page(browser, **{"base_url": base_url, **options})  # type: ignore[arg-type]
                ends.callback(page.context.close)
            else:
                page = free.pop()
            ends.enter_context(watch.following(page))
            arrive(page, address)
            return page

        yield opened

"""A server that dies in the middle, and a server that asks who is there: the page goes on, the work with it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import PACE, OpenPage, Watch
from tests.page.steps import drawn, frames, make_storyboard, start_script, status_of, wait_for_script
from tests.page.test_script import same_as_stored
from tests.stack import Stack

KEY = "open-sesame"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that may be killed, with a second gateway that asks for a key."""
    stack = Stack(tmp_path_factory.mktemp("house"))
    try:
        stack.start()
        stack.add("gateway", GATEWAY_API_KEYS=f"reader:{KEY}").start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def slow(house: Stack) -> Stack:
    house.tune(claude_deltas_per_second=60, deepseek_seconds=[0.8, 1.0], jimeng_seconds=[0.4, 0.6])
    return house


@pytest.fixture
def cut_off(watch: Watch) -> None:
    """What a browser says of a server that is not there."""
    watch.tolerated += [
        "ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_RESET",
        "ERR_INCOMPLETE_CHUNKED",
        "ERR_EMPTY_RESPONSE",
    ]


def dies_and_comes_back(page: Page, stack: Stack) -> None:
    gateway = stack.of("gateway")[0]
    gateway.kill()
    expect(page.locator("#connection")).to_be_visible()
    stack.tune(**PACE)
    gateway.start()


@pytest.mark.usefixtures("cut_off")
def test_a_script_goes_on_when_the_server_was_killed(open_page: OpenPage, slow: Stack) -> None:
    page = open_page("#/script", base_url=slow.gateway_url)
    task_id = start_script(page, episodes=2)
    expect(page.get_by_role("heading", name="Episode 1", exact=True)).to_be_visible()
    assert status_of(page, task_id) == "running"
    dies_and_comes_back(page, slow)
    wait_for_script(page)
    expect(page.locator("#connection")).to_be_hidden()
    same_as_stored(page, task_id, 2)


@pytest.mark.usefixtures("cut_off")
@pytest.mark.soak
def test_a_storyboard_goes_on_when_the_server_was_killed(open_page: OpenPage, slow: Stack) -> None:
    page = open_page(base_url=slow.gateway_url)
    make_storyboard(page)
    expect(page).to_have_url(re.compile("#/storyboard/."))
    assert status_of(page, page.url.rsplit("/", 1)[1]) in {"queued", "running"}
    dies_and_comes_back(page, slow)
    expect(frames(page)).to_have_count(3, timeout=60_000)
    expect(page.locator("#connection")).to_be_hidden()


def test_with_keys_the_page_asks_for_one_and_everything_works(open_page: OpenPage, house: Stack, watch: Watch) -> None:
    watch.tolerated.append("status of 401")
    house.tune(**PACE)
    page = open_page(base_url=house.of("gateway")[1].url)
    give_key(page, "wrong")
    give_key(page, KEY)
    make_storyboard(page, draw=True)
    expect(drawn(page)).to_have_count(3)
    picture = page.locator("#frame-1 img")
    assert picture.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") > 100
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename == "storyboard.zip"
    assert download.value.path().read_bytes().startswith(b"PK")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Script").click()
    start_script(page, episodes=1)
    wait_for_script(page)


def give_key(page: Page, key: str) -> None:
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_role("button", name="Use it").click()

"""Cuts, in the network and in the middle of characters: the page goes on where it was."""

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import PACE, OpenPage, Watch
from tests.page.steps import drawn, frames, make_storyboard, start_script, status_of, wait_for_script
from tests.page.test_script import same_as_stored
from tests.stack import Stack


@pytest.fixture
def cuts_are_meant(watch: Watch) -> None:
    watch.tolerated += ["ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED", "ERR_INCOMPLETE_CHUNKED_ENCODING"]


@pytest.mark.usefixtures("cuts_are_meant")
def test_a_script_goes_on_after_the_network_was_gone(open_page: OpenPage, unhurried: Stack) -> None:
    page = open_page("#/script")
    task_id = start_script(page, episodes=2)
    expect(page.get_by_role("heading", name="Cast and outline")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()
    assert status_of(page, task_id) == "running"
    unhurried.tune(**PACE)
    page.context.set_offline(False)
    wait_for_script(page)
    expect(page.locator("#connection")).to_be_hidden()
    same_as_stored(page, task_id, 2)


@pytest.mark.usefixtures("cuts_are_meant", "unhurried")
def test_a_storyboard_goes_on_after_the_network_was_gone(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page)
    expect(page).to_have_url(re.compile("#/storyboard/."))
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()
    page.context.set_offline(False)
    expect(frames(page)).to_have_count(3)
    expect(page.locator("#connection")).to_be_hidden()


@pytest.mark.usefixtures("cuts_are_meant", "unhurried")
def test_drawing_goes_on_after_the_network_was_gone(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page, scenes=5, draw=True)
    expect(drawn(page).first).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()
    page.context.set_offline(False)
    expect(drawn(page)).to_have_count(6, timeout=60_000)


WIDTH_ONCE_LOADED = """(img) => new Promise((tell) => {
  if (img.complete && img.naturalWidth) tell(img.naturalWidth);
  else img.addEventListener("load", () => tell(img.naturalWidth));
})"""


@pytest.mark.usefixtures("cuts_are_meant")
def test_a_picture_that_could_not_be_fetched_comes_when_the_network_is_back(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page, scenes=1, draw=True)
    expect(drawn(page)).to_have_count(2)
    page.route("**/api/images/**", lambda route: route.abort("internetdisconnected"))
    page.reload()
    for _ in range(4):
        page.wait_for_event("requestfailed", lambda request: "/content" not in request.url)
    expect(page.locator("#connection")).to_be_visible()
    expect(drawn(page)).to_have_count(2)
    page.unroute("**/api/images/**")
    assert page.locator("#frame-1 img").evaluate(WIDTH_ONCE_LOADED) > 100
    expect(drawn(page)).to_have_count(2)
    expect(page.locator("#connection")).to_be_hidden()


def test_a_picture_that_is_gone_is_called_gone(open_page: OpenPage, watch: Watch) -> None:
    watch.tolerated.append("status of 404")
    page = open_page()
    make_storyboard(page, scenes=1, draw=True)
    expect(drawn(page)).to_have_count(2)
    page.route("**/api/images/**", lambda route: route.fulfill(status=404, json={"error": "未找到图片"}))
    page.reload()
    expect(frames(page).first).to_contain_text("The picture cannot be fetched")

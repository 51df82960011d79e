"""From a story to pictures, as a person does it on the page."""

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.page.conftest import OpenPage, Watch
from tests.page.steps import STORY, drawn, frames, held, make_storyboard, storyboard
from tests.stack import Stack


def test_one_click_on_the_sample_brings_pictures(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Try it with the sample story").click()
    expect(page.locator("#board-steps li[aria-current=step]")).to_have_count(1)
    expect(drawn(page)).to_have_count(6, timeout=60_000)
    picture = page.locator("#frame-1 img")
    assert picture.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") > 100


def test_a_click_before_the_server_has_said_who_draws_brings_pictures_too(open_page: OpenPage) -> None:
    page = open_page("#/api")
    waiting = held(page, "**/api/meta")
    page.goto("/#/storyboard")
    page.reload()
    page.get_by_role("button", name="Try it with the sample story").click()
    for route in waiting:
        route.continue_()
    expect(drawn(page).first).to_be_visible()


def test_a_choice_not_to_draw_outlives_the_word_of_the_server(open_page: OpenPage) -> None:
    page = open_page("#/api")
    waiting = held(page, "**/api/meta")
    page.goto("/#/storyboard")
    page.reload()
    auto_draw = page.get_by_label("Draw the pictures as soon as")
    auto_draw.check()
    auto_draw.uncheck()
    waiting[0].continue_()
    expect(page.locator("#sandbox")).to_be_visible()
    expect(auto_draw).not_to_be_checked()


def test_all_four_steps_are_named_while_the_story_is_read(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page)
    for step in ("Cut the story", "Find the key frames", "Write the picture prompts", "Lay out the frames"):
        expect(page.get_by_role("listitem").filter(has_text=step)).to_have_count(1)
    expect(frames(page)).to_have_count(3)


def test_a_frame_shows_number_kind_description_and_prompt(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    first, last = frames(page).first, frames(page).last
    expect(first).to_contain_text("01")
    expect(first).to_contain_text("opening")
    expect(last).to_contain_text("closing")
    assert first.locator(".description").inner_text()
    assert first.get_by_label("Prompt").input_value()


def test_only_the_wanted_frame_is_drawn_with_its_edited_prompt(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    orders = orders_of(page)
    second = frames(page).nth(1)
    second.get_by_label("Prompt").fill("a red boat under a green moon")
    second.get_by_role("button", name="Draw this frame").click()
    expect(drawn(page)).to_have_count(1)
    assert [order["prompt"] for order in orders] == ["a red boat under a green moon"]
    assert orders[0]["config"]["aspectRatio"] == "16:9"


def orders_of(page: Page) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/images"):
            orders.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return orders


def test_prompts_and_pictures_are_still_there_after_a_reload(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    frames(page).first.get_by_label("Prompt").fill("kept words")
    frames(page).first.get_by_role("button", name="Draw this frame").click()
    expect(drawn(page)).to_have_count(1)
    page.reload()
    expect(drawn(page)).to_have_count(1)
    expect(frames(page).first.get_by_label("Prompt")).to_have_value("kept words")


def test_the_rest_is_drawn_with_live_progress(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    frames(page).first.get_by_role("button", name="Draw this frame").click()
    expect(drawn(page)).to_have_count(1)
    page.get_by_role("button", name="Draw the 2 left").click()
    expect(page.get_by_role("progressbar", name="Drawing progress")).to_be_visible()
    expect(page.get_by_text("3 of 3 drawn")).to_be_visible()
    expect(drawn(page)).to_have_count(3)


def test_a_picture_can_be_drawn_again(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    card = frames(page).first
    card.get_by_role("button", name="Draw this frame").click()
    expect(drawn(page)).to_have_count(1)
    before = card.locator("img").get_attribute("src")
    card.get_by_label("Prompt").fill("something else entirely")
    card.get_by_role("button", name="Draw again").click()
    expect(card.locator("img")).not_to_have_attribute("src", before or "")


def test_a_stopped_batch_goes_on_and_pays_for_no_frame_twice(open_page: OpenPage, unhurried: Stack) -> None:
    before = unhurried.submissions("jimeng")
    page = open_page()
    make_storyboard(page, scenes=7, story=LONG_STORY)
    expect(frames(page)).to_have_count(8)
    unhurried.tune(jimeng_seconds=[3, 4])
    page.get_by_role("button", name="Draw all 8 frames").click()
    expect(drawn(page).first).to_be_visible()
    page.locator("#draw-stop").click()
    expect(page.locator(".frame[data-state=stopped]").first).to_be_visible()
    unhurried.tune(jimeng_seconds=[0.1, 0.3])
    paid = unhurried.submissions("jimeng") - before
    page.locator("#draw-all").click()
    expect(drawn(page)).to_have_count(8, timeout=60_000)
    prompts = Counter(area.input_value() for area in frames(page).get_by_label("Prompt").all())
    assert 1 <= paid.total() < 8
    assert unhurried.submissions("jimeng") - before == prompts


LONG_STORY = "\n".join(f"{STORY} It was night number {night}." for night in range(1, 8))


def test_stopping_the_reading_offers_to_continue(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page)
    page.locator("#board-stop").click()
    page.get_by_role("button", name="Continue").click()
    expect(frames(page)).to_have_count(3)


def test_a_reload_while_the_story_is_read_goes_on(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page)
    expect(page.locator("#board-steps li[aria-current=step]")).to_have_count(1)
    page.wait_for_url("**/#/storyboard/*")
    page.reload()
    expect(frames(page)).to_have_count(3)


def test_a_reload_in_the_middle_of_a_batch_goes_on(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page, scenes=5)
    page.get_by_role("button", name="Draw all 6 frames").click()
    expect(drawn(page).first).to_be_visible()
    page.reload()
    expect(drawn(page)).to_have_count(6, timeout=60_000)


def test_a_click_shows_the_picture_large_and_arrows_turn_the_pages(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page, draw=True)
    expect(drawn(page)).to_have_count(3)
    page.get_by_role("button", name="Enlarge 01").click()
    large = page.get_by_role("dialog", name="Large picture")
    expect(large.locator("strong")).to_have_text("01")
    page.keyboard.press("ArrowRight")
    expect(large.locator("strong")).to_have_text("02")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()


def test_everything_comes_in_one_zip(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    make_storyboard(page, draw=True)
    expect(page.get_by_text("3 of 3 drawn")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    download.value.save_as(tmp_path / "storyboard.zip")
    with zipfile.ZipFile(tmp_path / "storyboard.zip") as archive:
        names = archive.namelist()
        assert archive.read("storyboard.csv").startswith(b"\xef\xbb\xbf")
    assert "storyboard.json" in names
    assert sum(name.endswith((".png", ".jpg", ".jpeg")) for name in names) == 3


def test_one_picture_can_be_downloaded(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    frames(page).first.get_by_role("button", name="Draw this frame").click()
    with page.expect_download() as download:
        frames(page).first.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("frame-01")


def test_an_empty_prompt_says_what_the_server_says(open_page: OpenPage, watch: Watch) -> None:
    watch.tolerated.append("status of 400")
    page = open_page()
    storyboard(page)
    card = frames(page).first
    card.get_by_label("Prompt").fill("")
    card.get_by_role("button", name="Draw this frame").click()
    expect(card).to_contain_text("missing parameter: prompt")
    expect(card).to_contain_text("Fill in what is missing")
    expect(card.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.soak
def test_five_hundred_frames_load_only_the_pictures_in_sight(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    frames(page).first.get_by_role("button", name="Draw this frame").click()
    expect(drawn(page)).to_have_count(1)
    image = (page.locator("#frame-1 img").get_attribute("src") or "").split("/")[3]
    page.route("**/api/stream/tasks/large", lambda route: many(route, image))
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "/content" in request.url else None)
    page.goto("/#/storyboard/large")
    expect(frames(page)).to_have_count(500)
    frames(page).nth(499).scroll_into_view_if_needed()
    expect(frames(page).nth(499)).to_be_in_viewport()
    assert page.evaluate(LONGEST_FRAME_MS) < 400
    assert len(loaded) <= 1


def many(route: Route, image: str) -> None:
    board = [
        {"sequence": n, "sceneIndex": n, "frameType": "开始帧", "chineseDescription": STORY, "jimengPrompt": STORY}
        | ({"taskId": image} if n > 1 else {})
        for n in range(1, 501)
    ]
    answer = {"success": True, "task_id": "large", "task_type": "intelligent_analysis", "status": "completed"}
    route.fulfill(json=answer | {"last_event_id": 1, "data": {"storyboard_frames": board}})


LONGEST_FRAME_MS = """() => new Promise((resolve) => {
  let longest = 0, last = performance.now(), left = 60;
  const step = (now) => {
    longest = Math.max(longest, now - last);
    last = now;
    scrollBy(0, -400);
    if (--left) requestAnimationFrame(step); else resolve(longest);
  };
  requestAnimationFrame(step);
})"""

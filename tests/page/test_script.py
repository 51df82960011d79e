"""A script on the page: watched, left, found again, cancelled, sent on to pictures."""

from typing import cast

from playwright.sync_api import Page, expect

from tests.page.conftest import PACE, OpenPage
from tests.page.steps import open_script, shown_text, squeezed, start_script, status_of, wait_for_script
from tests.stack import Stack


def stored_text(page: Page, task_id: str, episode: int) -> str:
    task = page.request.get(f"/api/stream/tasks/{task_id}").json()
    return cast("str", next(part["content"] for part in task["episodes"] if part["episode"] == episode))


def same_as_stored(page: Page, task_id: str, episodes: int) -> None:
    for episode in range(1, episodes + 1):
        assert shown_text(page, episode) == squeezed(stored_text(page, task_id, episode))


def test_a_script_is_written_before_the_readers_eyes(open_page: OpenPage) -> None:
    page = open_page("#/script")
    task_id = start_script(page, episodes=2)
    expect(page.locator("#script-figures")).to_contain_text("words/s")
    expect(page.get_by_role("heading", name="Cast and outline", exact=True)).to_be_visible()
    wait_for_script(page)
    expect(page.locator("#script-figures")).to_contain_text("2 of 2 episodes")
    same_as_stored(page, task_id, 2)


def test_a_reload_in_the_middle_goes_on_and_loses_nothing(open_page: OpenPage, unhurried: Stack) -> None:
    page = open_page("#/script")
    task_id = start_script(page, episodes=2)
    expect(page.get_by_role("heading", name="Episode 1", exact=True)).to_be_visible()
    page.reload()
    assert status_of(page, task_id) == "running"
    unhurried.tune(**PACE)
    expect(page.get_by_role("heading", name="Cast and outline", exact=True)).to_be_visible()
    wait_for_script(page)
    same_as_stored(page, task_id, 2)


def test_the_view_keeps_its_script_while_another_view_is_open(open_page: OpenPage) -> None:
    page = open_page("#/script")
    task_id = start_script(page, episodes=1)
    page.get_by_role("link", name="Tasks").click()
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Script").click()
    wait_for_script(page)
    assert page.url.endswith(task_id)


def test_cancelling_keeps_what_was_written(open_page: OpenPage) -> None:
    page = open_page("#/script")
    task_id = start_script(page, episodes=30)
    expect(page.get_by_role("heading", name="Episode 1", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel writing").click()
    expect(page.locator("#script-message")).to_have_text("Canceled; what was written is kept")
    assert page.request.get(f"/api/stream/tasks/{task_id}").json()["status"] == "canceled"
    page.reload()
    expect(page.locator("#script-message")).to_have_text("Canceled; what was written is kept")
    expect(page.get_by_role("heading", name="Cast and outline", exact=True)).to_be_visible()


def test_the_list_of_episodes_jumps_to_the_episode(open_page: OpenPage, script_id: str) -> None:
    page = open_page(f"#/script/{script_id}")
    open_script(page)
    page.get_by_role("navigation", name="Episodes").get_by_role("button", name="Episode 3").click()
    heading = page.get_by_role("heading", name="Episode 3", exact=True)
    expect(heading).to_be_in_viewport()
    expect(heading).to_be_focused()


def test_the_script_comes_as_markdown_and_as_plain_text(open_page: OpenPage, script_id: str) -> None:
    page = open_page(f"#/script/{script_id}")
    open_script(page)
    for name in ("Download Markdown", "Download plain text"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        text = download.value.path().read_text(encoding="utf-8-sig")
        assert squeezed(stored_text(page, script_id, 1))[:40] in squeezed(text)


def test_prompts_go_to_runninghub_and_pictures_come_back(open_page: OpenPage, script_id: str) -> None:
    page = open_page(f"#/script/{script_id}")
    open_script(page)
    page.get_by_role("button", name="Extract this episode").first.click()
    prompts = page.locator("#prompts-list .scene li")
    expect(prompts.first).to_be_visible()
    count = prompts.count()
    page.get_by_role("button", name="Send episode to RunningHub").first.click()
    cards = page.locator("#hub-sheet .frame[data-state=done]")
    expect(cards).to_have_count(count, timeout=90_000)
    expect(page.locator("#hub-message")).to_have_text(f"All done: {count} of {count}")
    page.reload()
    expect(cards).to_have_count(count)
    cards.first.get_by_role("button", name="Enlarge").click()
    expect(page.get_by_role("dialog", name="Large picture")).to_be_visible()


def test_one_episode_can_be_extracted_alone(open_page: OpenPage, script_id: str) -> None:
    page = open_page(f"#/script/{script_id}")
    open_script(page)
    page.get_by_role("button", name="Extract this episode").nth(1).click()
    expect(page.get_by_role("heading", name="Episode 2 ·")).to_be_visible()
    expect(page.get_by_role("heading", name="Episode 1 ·")).to_have_count(0)


def test_characters_can_be_added_and_removed(open_page: OpenPage) -> None:
    page = open_page("#/script")
    rows = page.locator("#characters li")
    before = rows.count()
    page.get_by_role("button", name="Add a character").click()
    expect(rows).to_have_count(before + 1)
    expect(rows.last.get_by_label("Name")).to_be_focused()
    rows.last.get_by_role("button", name="Remove this character").click()
    expect(rows).to_have_count(before)


def test_model_text_is_never_markup(open_page: OpenPage) -> None:
    page = open_page("#/script")
    page.get_by_label("Genre").filter(visible=True).fill("<img src=x onerror=alert(1)> drama")
    page.get_by_label("Episode length").fill("1 minute")
    page.get_by_label("Episodes", exact=True).filter(visible=True).fill("1")
    page.locator("#characters li").first.get_by_label("Name").fill("<b>Mara</b>")
    page.get_by_role("button", name="Start writing").click()
    wait_for_script(page)
    expect(page.locator("#pages :is(img, b, script)")).to_have_count(0)


RETRIED = """async () => {
  const { Pages } = await import("/web/pages.js");
  const figures = document.createElement("p"), bar = document.createElement("progress");
  const pages = new Pages({ total: 1, onExtract: () => {}, figures, bar });
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  pages.take({ id: 1, name: "content_chunk", data: { episode: 1, content: "A summary." } });
  await drawn();
  const before = document.querySelector("#pages").textContent;
  pages.take({ id: 2, name: "content_chunk", data: { episode: 1, content: " More of it." } });
  pages.take({ id: 3, name: "episode_retry", data: { episode: 1, reason: "" } });
  pages.take({ id: 4, name: "content_chunk", data: { episode: 1, content: "The episode." } });
  await drawn();
  return [before, document.querySelector("#pages").textContent];
}"""


def test_what_is_written_anew_stands_in_the_place_of_the_first_try(open_page: OpenPage) -> None:
    before, after = open_page("#/script").evaluate(RETRIED)
    assert "A summary." in before
    assert "The episode." in after
    assert "summary" not in after
    assert "More" not in after

"""For everybody: keyboard, screen readers, small screens, both themes, both languages."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.page.conftest import OpenPage, arrive
from tests.page.steps import STORY, drawn, make_storyboard, open_script, start_script, status_of

Theme = Literal["light", "dark"]
VIEWS = ["storyboard", "script", "tasks", "api"]
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE_RULES).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


THEMES = ["light", pytest.param("dark", marks=pytest.mark.soak)]


@pytest.mark.parametrize("theme", THEMES)
def test_no_empty_view_has_a_barrier(open_page: OpenPage, theme: Theme) -> None:
    page = open_page(color_scheme=theme)
    for view in VIEWS:
        show(page, view)
        assert (view, violations(page)) == (view, [])


def show(page: Page, view: str) -> None:
    page.evaluate("(view) => { location.hash = `#/${view}`; }", view)
    expect(page.locator(f"#view-{view}")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_a_storyboard_with_pictures_has_no_barrier(open_page: OpenPage, theme: Theme) -> None:
    page = open_page(color_scheme=theme)
    make_storyboard(page, draw=True)
    expect(drawn(page)).to_have_count(3)
    assert violations(page) == []
    page.get_by_role("button", name="Enlarge 01").click()
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["dark", pytest.param("light", marks=pytest.mark.soak)])
def test_a_script_with_prompts_has_no_barrier(open_page: OpenPage, script_id: str, theme: Theme) -> None:
    page = open_page(f"#/script/{script_id}", color_scheme=theme)
    open_script(page)
    page.get_by_role("button", name="Extract picture prompts").click()
    expect(page.locator("#prompts-list li").first).to_be_visible()
    assert violations(page) == []


@pytest.mark.soak
@pytest.mark.usefixtures("unhurried")
def test_a_script_being_written_has_no_barrier(open_page: OpenPage) -> None:
    page = open_page("#/script")
    task_id = start_script(page, episodes=3)
    assert violations(page) == []
    assert status_of(page, task_id) == "running"


def test_nothing_sticks_out_of_a_phone(open_page: OpenPage, script_id: str) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True)
    for view in [*VIEWS, f"script/{script_id}"]:
        show(page, view) if view in VIEWS else arrive(page, f"#/{view}")
        assert (view, page.evaluate(WIDTH)) == (view, 360)
    expect(page.get_by_role("heading", name="Episode 3", exact=True)).to_be_visible()
    arrive(page, "#/storyboard")
    make_storyboard(page, draw=True)
    expect(drawn(page)).to_have_count(3)
    assert page.evaluate(WIDTH) == 360


WIDTH = "document.documentElement.scrollWidth"


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the focus stands on what is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if re.search(name, focused):
            return
    pytest.fail(f"no way by Tab to {name}")


FOCUSED = """() => {
  const focused = document.activeElement;
  return focused.getAttribute("aria-label") || focused.labels?.[0]?.textContent || focused.textContent;
}"""


def test_the_keyboard_alone_makes_a_storyboard(open_page: OpenPage) -> None:
    page = open_page()
    tab_to(page, "^Story$")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.insert_text(STORY)
    tab_to(page, "^Scenes$")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    tab_to(page, "Make the storyboard")
    page.keyboard.press("Enter")
    expect(drawn(page)).to_have_count(3)
    tab_to(page, "Enlarge 01")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Large picture")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Enlarge 01")).to_be_focused()


def test_the_first_stop_of_the_keyboard_leads_past_the_menu(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_browsers_language_comes_first_and_can_be_switched(open_page: OpenPage) -> None:
    page = open_page(locale="zh-CN")
    expect(page.get_by_role("heading", level=1)).to_have_text("把故事铺成分镜")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("button", name="Switch to English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lay a story out in frames")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lay a story out in frames")


def test_a_switch_of_language_rewords_what_is_on_screen(open_page: OpenPage) -> None:
    page = open_page()
    make_storyboard(page, draw=True)
    expect(drawn(page)).to_have_count(3)
    page.get_by_role("button", name="切换到中文").click()
    expect(page.get_by_text("3 帧分镜")).to_be_visible()
    expect(page.get_by_role("button", name="看大图 01")).to_be_visible()


def test_nothing_moves_where_motion_is_unwanted(open_page: OpenPage) -> None:
    page = open_page(reduced_motion="reduce")
    make_storyboard(page, draw=True)
    busy = page.locator(".frame[aria-busy=true] .picture").first
    expect(busy).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def test_both_languages_have_the_same_words(still_page: Page) -> None:
    words = still_page.evaluate(
        """async () => { const [zh, en] = await Promise.all([import("/web/words-zh.js"), import("/web/words-en.js")]);
        return [Object.keys(zh.default).sort(), Object.keys(en.default).sort()]; }"""
    )
    assert words[0] == words[1]

"""What a person does on the page, by the words that stand on it."""

import re

from playwright.sync_api import Locator, Page, Route, expect

STORY = (
    "The lamp in the lighthouse went out at midnight. Mara climbed the stairs with a candle.\n"
    "At the top she found a wet coat and a letter in her own handwriting.\n"
    "She read it twice, then blew the candle out and waited for the boat."
)


def held(page: Page, address: str) -> list[Route]:
    """Requests to the address, kept waiting until the test lets them go."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(address, hold)
    return waiting


def frames(page: Page) -> Locator:
    return page.locator("#sheet > .frame:not(.ghost)")


def drawn(page: Page) -> Locator:
    return page.locator("#sheet > .frame[data-state=done]")


def make_storyboard(page: Page, *, scenes: int = 2, draw: bool = False, story: str = STORY) -> None:
    page.get_by_label("Story", exact=True).fill(story)
    page.get_by_label("Scenes").fill(str(scenes))
    expect(page.locator("#sandbox"), "whether to draw is decided by now").to_be_visible()
    page.get_by_label("Draw the pictures as soon as").set_checked(draw)
    page.get_by_role("button", name="Make the storyboard").click()


def storyboard(page: Page, *, scenes: int = 2) -> None:
    make_storyboard(page, scenes=scenes)
    expect(frames(page)).to_have_count(scenes + 1)


def fill_script(page: Page, *, episodes: int) -> None:
    page.get_by_label("Genre").filter(visible=True).fill("Urban mystery")
    page.get_by_label("Episode length").fill("1 minute")
    page.get_by_label("Episodes", exact=True).filter(visible=True).fill(str(episodes))
    row = page.locator("#characters li").first
    for label, value in (("Name", "Mara"), ("Gender", "female"), ("Age", "34")):
        row.get_by_label(label, exact=True).fill(value)


def start_script(page: Page, *, episodes: int) -> str:
    """Starts the writing and returns the id of its task, once the address holds it."""
    fill_script(page, episodes=episodes)
    page.get_by_role("button", name="Start writing").click()
    expect(page).to_have_url(re.compile(r"#/script/[0-9a-f-]{36}"))
    return page.url.rsplit("/", 1)[1]


def wait_for_script(page: Page) -> None:
    expect(page.locator("#script-message")).to_have_text("The script is finished", timeout=90_000)


def shown_text(page: Page, episode: int) -> str:
    return squeezed(page.locator(f"section:has(> div > #part-{episode}) .text").text_content() or "")


def squeezed(text: str) -> str:
    """Only the letters: marks and tables are set as typography and lose their signs."""
    return re.sub(r"[\W_]+", "", text)


def open_script(page: Page) -> None:
    """Waits until a finished script stands on the page."""
    expect(page.locator("#script-message")).to_have_text("The script is finished")


def status_of(page: Page, task_id: str) -> str:
    return str(page.request.get(f"/api/stream/tasks/{task_id}").json()["status"])

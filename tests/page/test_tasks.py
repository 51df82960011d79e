"""The list of tasks, and the commands that do the same as the page."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from tests.page.conftest import OpenPage, Watch
from tests.page.steps import frames, held, open_script, storyboard


def test_what_ran_before_is_listed_with_a_way_back(open_page: OpenPage) -> None:
    page = open_page()
    storyboard(page)
    address = page.url
    page.get_by_role("link", name="Tasks").click()
    page.get_by_label("Kind").select_option("intelligent_analysis")
    first = page.locator("#tasks li").first
    expect(first).to_contain_text("Done")
    first.get_by_role("link").click()
    expect(page).to_have_url(address)
    expect(frames(page)).to_have_count(3)


def test_older_tasks_come_page_by_page_and_failed_ones_say_why(open_page: OpenPage, script_id: str) -> None:
    page = open_page()
    for _ in range(21):
        page.request.post(f"/api/stream/process-prompts-with-runninghub/{script_id}", data={"episode": 99}).dispose()
    page.get_by_role("link", name="Tasks").click()
    rows = page.locator("#tasks li")
    expect(rows).to_have_count(20)
    expect(rows.first).to_contain_text("Failed")
    expect(rows.first).to_contain_text("no picture prompts for episode 99")
    page.get_by_role("button", name="Earlier ones").click()
    expect(rows.nth(20)).to_be_visible()


def test_a_task_that_is_gone_says_so(open_page: OpenPage, watch: Watch) -> None:
    watch.tolerated.append("status of 404")
    page = open_page("#/script/00000000-0000-4000-8000-000000000000")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("no task with id")
    expect(alert).to_contain_text("past its retention")


def test_an_empty_choice_of_tasks_says_so(open_page: OpenPage) -> None:
    page = open_page("#/tasks")
    page.get_by_label("Kind").select_option("runninghub_processing")
    page.get_by_label("State").select_option("queued")
    expect(page.get_by_text("No tasks here yet")).to_be_visible()


def test_a_late_answer_does_not_replace_a_newer_one(open_page: OpenPage, script_id: str) -> None:
    page = open_page(f"#/script/{script_id}")
    waiting = held(page, "**/api/stream/tasks?*task_type=script_generation")
    page.get_by_role("link", name="Tasks").click()
    page.get_by_label("Kind").select_option("script_generation")
    page.get_by_label("State").select_option("queued")
    expect(page.get_by_text("No tasks here yet")).to_be_visible()
    with page.expect_response("**/api/stream/tasks?*task_type=script_generation") as late:
        waiting[0].continue_()
    late.value.finished()
    expect(page.get_by_text("No tasks here yet")).to_be_visible()
    expect(page.locator("#tasks li")).to_have_count(0)


def test_every_action_shows_its_curl_command(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Story", exact=True).fill("It's raining.")
    page.locator("#board-form").get_by_role("button", name="Show the curl command").click()
    command = page.get_by_role("dialog").locator("code")
    expect(command).to_contain_text("/api/intelligent-analyze-script?stream=true")
    expect(command).to_contain_text("It'\\''s raining.")


def test_a_command_can_be_copied(open_page: OpenPage) -> None:
    page = open_page("#/api", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl ")


@pytest.mark.parametrize("name", ["List of tasks", "Story to storyboard"])
def test_a_copied_command_really_runs(open_page: OpenPage, name: str) -> None:
    page = open_page("#/api")
    example = page.locator("section.example").filter(has=page.get_by_role("heading", name=name, exact=True))
    command = example.locator("code").inner_text()
    shell = ["/bin/sh", "-c", f"{command} -sS"]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, check=True)
    assert re.search(r'"success": ?true|"type": ?"complete"', done.stdout)


def test_the_sandbox_is_named_with_the_keys_that_end_it(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_text("The sandbox answers for").click()
    for key in ("DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY", "VOLCENGINE_ACCESS_KEY_ID", "RUNNINGHUB_API_KEY"):
        expect(page.locator("#sandbox-keys")).to_contain_text(key)


def test_a_script_of_another_browser_can_be_opened(open_page: OpenPage, script_id: str) -> None:
    other = open_page(f"#/script/{script_id}")
    open_script(other)
    expect(other.get_by_role("heading", name="Episode 1", exact=True)).to_be_visible()

"""The API reference at `/docs`, to which the page links."""

from playwright.sync_api import Page, expect

from tests.page.conftest import Watch
from tests.stack import Stack


def test_the_api_reference_needs_no_other_host(brisk: Stack, tab: Page, watch: Watch) -> None:
    # Not the gateway's: the browser is busy for many seconds with that many operations.
    watch.hosts.add(f"127.0.0.1:{brisk.imagegen_port}")
    with watch.following(tab):
        tab.goto(f"{brisk.imagegen_url}/docs")
        tab.locator("#operations-images-createImage .opblock-summary-control").click()
        expect(tab.get_by_role("button", name="Try it out")).to_be_visible()
        for word in ("Idempotency-Key", "Prefer"):
            expect(tab.locator(f"[data-param-name='{word}']").first).to_be_visible()

"""Fixtures for tests of imagegen: further replicas with other settings, and a vendor that says what it is told."""

from collections.abc import Callable

import httpx
import pytest

from tests.imagegen.scripted_vendor import ScriptedVendor
from tests.stack import Stack


@pytest.fixture
def scripted(vendor: ScriptedVendor, stack: Stack, add_imagegen: Callable[..., httpx.Client]) -> httpx.Client:
    """An imagegen that buys from the scripted vendor, with keys of its own."""
    return add_imagegen(
        VOLCENGINE_ACCESS_KEY_ID="AKLTscripted",
        VOLCENGINE_SECRET_ACCESS_KEY="scripted-secret",
        VOLCENGINE_BASE_URL=vendor.url,
        POLL_INTERVAL="0.2",
    )

"""A1 with long stories: read in windows side by side, each of them kept, not a sentence lost."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.stories import PATH, form
from tests.novels import novel
from tests.stack import Stack

LENGTH, SCENES = 60_000, 12
WINDOWS = 10


def story() -> str:
    """Nobody else's."""
    return f"{uuid4().hex}。{novel(LENGTH - 33)}"


def analyse(gateway: httpx.Client, script: str, scenes: int = SCENES, **more: Any) -> httpx.Response:
    return gateway.post(PATH, json=form(script=script, sceneCount=scenes, **more), timeout=100)


def check(data: dict[str, Any], script: str, scenes: int = SCENES) -> None:
    frames, coverage = data["storyboard_frames"], data["script_analysis"]["coverage"]
    assert len(frames) == scenes + 1
    assert "".join(script[frame["source"]["start"] : frame["source"]["end"]] for frame in frames) == script
    assert (coverage["covered"], coverage["parts"]) == (coverage["sentences"], scenes)


def test_a_long_story_is_read_whole_side_by_side(gateway: httpx.Client, stack: Stack) -> None:
    script, before = story(), stack.submitted("deepseek")
    data = analyse(gateway, script).json()["data"]
    check(data, script)
    assert data["script_analysis"]["warnings"] == []
    assert stack.submitted("deepseek") - before == WINDOWS + 2 + 2, "windows, cast and parts, two groups of frames"
    assert 1 < stack.ledger()["vendors"]["deepseek"]["max_in_flight"] <= 8


@pytest.mark.parametrize("kind", ["reset_after", "no_stop", "insufficient", "overloaded"])
def test_a_call_that_breaks_is_the_only_one_repeated(gateway: httpx.Client, stack: Stack, kind: str) -> None:
    script, before = story(), stack.submitted("deepseek")
    stack.fault(vendor="deepseek", kind=kind, after=WINDOWS * 2 // 3)
    check(analyse(gateway, script).json()["data"], script)
    assert stack.submitted("deepseek") - before <= WINDOWS + 4 + 1


def test_a_failed_analysis_that_is_asked_for_again_pays_only_for_what_it_lacks(
    gateway: httpx.Client, stack: Stack
) -> None:
    script, before = story(), stack.submitted("deepseek")
    stack.fault(vendor="deepseek", kind="status", value=402, after=WINDOWS - 1)
    failed = analyse(gateway, script)
    assert (failed.status_code, failed.json()["failedStep"]) == (500, "第1步 故事切分")
    check(analyse(gateway, script).json()["data"], script)
    assert stack.submitted("deepseek") - before == WINDOWS + 4
    other = analyse(gateway, script, style="manga")
    assert other.status_code == 200
    assert stack.submitted("deepseek") - before == 2 * (WINDOWS + 4), "another order is another analysis"


@pytest.mark.parametrize(
    ("match", "kind"),
    [
        ("编剧统筹", "refuse"),
        ("影视造型师", "refuse"),
        ("影视造型师", "cut_json"),
        ("已经分成节拍", "prose"),
        ("已经分成节拍", "double"),
        ("<frames>", "missing_frames"),
    ],
)
def test_damage_in_a_long_story_is_mended_and_told(gateway: httpx.Client, stack: Stack, match: str, kind: str) -> None:
    script = story()
    stack.fault(vendor="deepseek", kind=kind, match=match)
    data = analyse(gateway, script).json()["data"]
    check(data, script)
    assert data["script_analysis"]["warnings"]


def test_more_scenes_than_beats_are_found(gateway: httpx.Client) -> None:
    script = f"{uuid4().hex}。{novel(5000)}"
    check(analyse(gateway, script, 100).json()["data"], script, 100)


def test_a_story_beyond_a_million_characters_is_refused(gateway: httpx.Client) -> None:
    answer = analyse(gateway, "a" * 1_000_001)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "VALIDATION_ERROR")

"""Which frames a story should have, and how a frame looks on the wire."""

from gateway.storyboard.frames import END, START, Frame, as_wire, expected, missing


def test_wire_form_is_what_front_ends_read() -> None:
    assert as_wire(Frame(2, 1, END, "雨夜", "rain")) == {
        "sequence": 2,
        "sceneIndex": 1,
        "frameType": "结束帧",
        "chineseDescription": "雨夜",
        "jimengPrompt": "rain",
        "imageUrl": None,
        "isGenerating": False,
        "error": None,
    }


def test_one_start_per_part_and_one_end() -> None:
    assert expected(2) == [(1, "开始帧"), (2, "开始帧"), (2, "结束帧")]


def test_missing_names_the_places_without_a_frame() -> None:
    assert missing([Frame(1, 2, START, "", "p")], 2) == [(1, START), (2, END)]
    assert missing([], 1) == [(1, START), (1, END)]


def test_enough_frames_lack_nothing_whatever_their_headings() -> None:
    assert missing([Frame(1, 1, START, "", "p"), Frame(2, 2, START, "", "p")], 1) == []

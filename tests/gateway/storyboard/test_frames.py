"""How a frame looks on the wire."""

from gateway.storyboard.frames import END, Frame, Source, as_wire

PLAIN = {
    "sequence": 2,
    "sceneIndex": 1,
    "frameType": "结束帧",
    "chineseDescription": "雨夜",
    "jimengPrompt": "rain",
    "imageUrl": None,
    "isGenerating": False,
    "error": None,
}


def test_wire_form_is_what_front_ends_read() -> None:
    assert as_wire(Frame(2, 1, END, "雨夜", "rain")) == PLAIN


def test_a_frame_of_a_numbered_story_says_where_it_comes_from_and_who_is_in_it() -> None:
    frame = Frame(2, 1, END, "雨夜", "rain", Source(3, 4, 20, 40), (("c1", None), ("c2", "v1")), "p1", "{{c1}}")
    assert as_wire(frame) == PLAIN | {
        "source": {"first": 3, "last": 4, "start": 20, "end": 40},
        "characters": [{"id": "c1"}, {"id": "c2", "variant": "v1"}],
        "place": "p1",
        "promptTemplate": "{{c1}}",
    }

"""What is wrong with a prompt is named."""

import pytest

from gateway.storyboard.checks import alike, fault_of, is_refusal

GOOD = "Medium shot at eye level, {{c1}} kneels beside an old wooden ferry, dusk light from the left"


def code(body: str, people: tuple[str, ...] = ("c1",)) -> str | None:
    fault = fault_of(body, body, people, ["c1", "c2"])
    return fault.code if fault else None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (GOOD, None),
        ("……", "PROMPT_EMPTY"),
        ("N/A", "PROMPT_EMPTY"),
        ("无", "PROMPT_EMPTY"),
        ("同上，换成夜晚的光线，其余不变，人物继续向前走，镜头不动", "PROMPT_EMPTY"),
        ("Same as above but at night, with the lamp lit and the door closed", "PROMPT_EMPTY"),
        ("…… and so on, see the frame before, the rest is the same here", "PROMPT_EMPTY"),
        ("抱歉，我无法为这段内容生成提示词，请提供其他内容后再试一次，谢谢您的理解", "PROMPT_REFUSED"),
        ("I'm sorry, but I can't help with that request about the ferry.", "PROMPT_REFUSED"),
        (f"{GOOD}, {{{{c9}}}}", "PLACEHOLDER_UNKNOWN"),
        (GOOD.replace("{{c1}}", "a woman"), "LOOK_MISSING"),
        ("{{c1}} kneels", "PROMPT_TOO_SHORT"),
        (GOOD + ", mist" * 140, "PROMPT_TOO_LONG"),
    ],
)
def test_a_fault_is_named(body: str, expected: str | None) -> None:
    assert code(body) == expected


def test_the_style_line_counts_for_the_longest_but_not_for_the_shortest() -> None:
    fault = fault_of("{{c1}} kneels", "{{c1}} kneels", ["c1"], ["c1"], 100)
    assert (fault and fault.code) == "PROMPT_TOO_SHORT"
    fault = fault_of(GOOD, GOOD, ["c1"], ["c1"], 750)
    assert (fault and fault.code) == "PROMPT_TOO_LONG"


def test_a_story_about_being_sorry_is_no_refusal() -> None:
    assert not is_refusal("雨夜，她推开门，看见桌上的信。" * 10 + "抱歉")


def test_prompts_that_say_the_same_are_found() -> None:
    other = "Extreme close-up of a brass bell on a black cat's collar, rim light"
    assert alike([GOOD, other, GOOD + "."]) == [(0, 2)]
    assert alike([GOOD] * 3) == [(0, 1), (0, 2)]
    assert alike(["", "a", other]) == []

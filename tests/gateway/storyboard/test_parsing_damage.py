"""Some three hundred damaged answers, of which every frame is recovered."""

import pytest

from gateway.storyboard.parsing.reader import parse_frames
from tests.golden.storyboard_answers import FRAMES, KINDS, Damage, as_json, damages

DAMAGES = list(damages(220))


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_every_frame_survives(damage: Damage) -> None:
    assert parse_frames(damage.answer()) == list(FRAMES)


def test_all_kinds_of_damage_are_met_in_combinations() -> None:
    for at, name in enumerate(Damage.__dataclass_fields__):
        assert {getattr(damage, name) for damage in DAMAGES} == set(range(len(KINDS[at])))


@pytest.mark.parametrize(
    "pattern",
    [
        "[{}]",
        '{{"frames": [{}]}}',
        '{{"data": {{"storyboard_frames": [{}]}}}}',
        "```json\n[{}]\n```",
        "好的：\n```json\n[{}]\n```\n希望有帮助",
        "[{},]",
        '[{}, {{"sequence": 6, "jimengPrompt": "cut o',
        "{}",
    ],
)
def test_json_answers_give_their_frames(pattern: str) -> None:
    assert parse_frames(pattern.format(",\n".join(map(as_json, FRAMES)))) == list(FRAMES)

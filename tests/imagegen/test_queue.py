"""When a queued picture starts, as the queue estimates it."""

import pytest

from imagegen.images.queue_position import starts_in


@pytest.mark.parametrize(
    ("position", "slots", "running", "expected"),
    [
        (1, 2, [], 0),
        (2, 2, [], 0),
        (3, 2, [], 10),
        (1, 2, [4], 0),
        (1, 2, [4, 7], 3),
        (2, 2, [4, 7], 6),
        (3, 2, [4, 7], 13),
        (1, 1, [25], 5),
        (5, 1, [0], 50),
        (101, 2, [0, 0], 510),
    ],
)
def test_the_estimate_is_what_a_list_schedule_of_usual_pictures_gives(
    position: int, slots: int, running: list[float], expected: float
) -> None:
    assert starts_in(position, slots, 10, running) == expected


def test_more_running_than_slots_after_a_reduction_is_no_failure() -> None:
    assert starts_in(1, 1, 10, [2, 4, 6]) == 4

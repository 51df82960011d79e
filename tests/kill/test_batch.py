"""A batch lives through kills of both services: every frame gets its one end, nothing is paid twice."""

import pytest

from tests.kill.storming import Storm, rage
from tests.stack import Stack


@pytest.mark.timeout(300)
def test_every_frame_of_a_batch_has_one_true_end_whoever_dies(own_stack: Stack) -> None:
    ends = rage(own_stack, Storm(batches=1, frames=40, kills=3, gone_for_good=False, database=False))
    assert ends["succeeded"] >= 25

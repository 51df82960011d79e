"""200 frames through faults, kills and freezes every few seconds, a replica gone for good and a database restart."""

import pytest

from tests.kill.storming import Storm, rage
from tests.stack import Stack


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_hundred_frames_come_through_the_storm(own_stack: Stack) -> None:
    ends = rage(own_stack, Storm(batches=2, frames=100, kills=40, gone_for_good=True, database=True))
    assert ends.total() == 200
    assert ends["succeeded"] >= 150


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_hundred_frames_come_through_replicas_that_stand_still(own_stack: Stack) -> None:
    ends = rage(own_stack, Storm(batches=2, frames=100, kills=30, gone_for_good=False, database=False, freezes=True))
    assert ends.total() == 200
    assert ends["succeeded"] >= 150

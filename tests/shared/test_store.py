"""What is read of a task: all of it, or only how it stands."""

from uuid import uuid4

import pytest

from shared.tasks.model import ANALYSIS, Change, Line, NewTask, Status
from shared.tasks.store import Selection
from tests.lives import Life

pytestmark = pytest.mark.anyio


async def test_lists_and_glances_leave_out_what_was_asked_and_made(life: Life) -> None:
    task_id, owner = str(uuid4()), str(uuid4())
    await life.register(NewTask(task_id, ANALYSIS, {"script": "夜" * 1000}, owner))
    await life.log.append(Line(task_id, None, "{}", last=True, change=Change(Status.COMPLETED, result='{"data":{}}')))
    whole, standing = await life.tasks.find(task_id, owner), await life.tasks.standing(task_id, owner)
    listed = await life.tasks.select(Selection((ANALYSIS,), owner))
    assert whole
    assert standing
    assert (whole.request, whole.result) == ({"script": "夜" * 1000}, {"data": {}})
    for light in (standing, *listed):
        assert (light.id, light.status, light.closed, light.last_event_id) == (task_id, "completed", True, 1)
        assert (light.request, light.result) == ({}, None)
    assert await life.tasks.standing(task_id, "somebody else") is None


async def test_a_glance_at_what_failed_tells_why(life: Life) -> None:
    task_id = await life.task()
    change = Change(Status.FAILED, error="no", error_code="LLM_ERROR", result='{"reason":"VENDOR_BUSY"}')
    await life.log.append(Line(task_id, None, "{}", last=True, change=change))
    standing = await life.tasks.standing(task_id)
    assert standing
    assert standing.result == {"reason": "VENDOR_BUSY"}

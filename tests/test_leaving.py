"""What happens when the reader goes away (contract §2.4): A1, A2, I3, N1."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.gateway.stories import PATH, STORY, analyse, form, questions
from tests.gateway.told import follow, frames, parse
from tests.imagegen.ordering import asked, bought, ended, order
from tests.plain import calling
from tests.stack import Stack
from tests.waiting import eventually

IMAGE = "/api/generate-image"


def parked(stack: Stack) -> int:
    return stack.of("gateway")[0].log.read_text().count("analysis.parked")


def leave_during(stack: Stack, client: httpx.Client, mark: str, key: dict[str, str]) -> None:
    """Ask for a storyboard, and go away while the first step is being answered."""
    before = parked(stack)
    stack.fault(vendor="deepseek", kind="delay", call="chat", value=1.2, match=mark)
    with pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=form(script=mark + STORY, sceneCount=1), headers=key, timeout=0.6)
    eventually(lambda: parked(stack) > before, "the analysis never noticed that nobody reads")


def test_an_analysis_pauses_without_its_reader_and_goes_on_with_the_same_key(
    gateway: httpx.Client, stack: Stack
) -> None:
    mark, key = f"离开{uuid4().hex}", {"Idempotency-Key": str(uuid4())}
    leave_during(stack, gateway, mark, key)
    assert len(questions(stack, mark)) == 1, "the step under way was finished, no further one begun"
    answer = analyse(gateway, key, script=mark + STORY, sceneCount=1)
    assert answer.status_code == 200
    assert len(questions(stack, mark)) == 3, "what was paid for was kept"


def test_an_analysis_without_a_reader_can_be_taken_up_by_its_events(gateway: httpx.Client, stack: Stack) -> None:
    mark = f"再来{uuid4().hex}"
    leave_during(stack, gateway, mark, {})
    task_id = gateway.get("/api/stream/tasks", params={"limit": 1}).json()["tasks"][0]["task_id"]
    assert gateway.get(f"/api/stream/tasks/{task_id}").json()["status"] == "paused"
    events = follow(gateway, task_id)
    assert events[-1].data["type"] == "complete"
    assert len(questions(stack, mark)) == 3


def test_a_stream_s_reader_may_leave_and_come_back(gateway: httpx.Client, stack: Stack) -> None:
    mark = f"断流{uuid4().hex}"
    before = parked(stack)
    stack.fault(vendor="deepseek", kind="delay", call="chat", value=1.0, match=mark)
    body = form(script=mark + STORY, sceneCount=1)
    with gateway.stream("POST", f"{PATH}?stream=true", json=body) as response:
        task_id = response.headers["location"].split("/")[-2]
        first = next(frames(response.iter_raw()))
    eventually(lambda: parked(stack) > before, "the analysis never noticed that nobody reads")
    assert len(questions(stack, mark)) <= 1, "it left before or during the first step"
    rest = follow(gateway, task_id, after=1)
    assert [event.id for event in parse(first + b"\n\n") + rest] == list(range(1, len(rest) + 2))
    assert rest[-1].data["type"] == "complete"
    assert len(questions(stack, mark)) == 3


@pytest.fixture
def crowded(imagegen: httpx.Client, stack: Stack) -> Iterator[Callable[[], None]]:
    """Both slots are taken; calling it waits until they are free again."""
    stack.tune(jimeng_seconds=[3, 3])
    prompts = [f"占座 {uuid4().hex}" for _ in range(2)]
    busy = [order(imagegen, prompt) for prompt in prompts]
    eventually(lambda: all(bought(stack, prompt) for prompt in prompts), "the slots were never taken")
    stack.tune(jimeng_seconds=[0.2, 0.5])

    def wait() -> None:
        for image_id in busy:
            ended(imagegen, image_id)

    yield wait
    wait()


@pytest.mark.parametrize("through", ["gateway", "imagegen"])
def test_a_picture_that_waits_is_dropped_with_its_reader(
    stack: Stack, imagegen: httpx.Client, crowded: Callable[[], None], through: str
) -> None:
    url = stack.gateway_url if through == "gateway" else stack.imagegen_url
    prompt, key = f"没等到 {through}", {"Idempotency-Key": str(uuid4())}
    with calling(url) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(IMAGE, json={"prompt": prompt}, headers=key, timeout=0.6)
        crowded()
        later = ended(imagegen, order(imagegen, f"后来的 {through}"))
        assert later["status"] == "succeeded"
        assert asked(stack, "submit", prompt) == [], "nobody waits for it, nobody pays for it"
        again = client.post(IMAGE, json={"prompt": prompt}, headers=key)
        assert (again.status_code, again.json()["success"]) == (200, True)
    assert bought(stack, prompt) == 1


@pytest.mark.parametrize("through", ["gateway", "imagegen"])
def test_a_picture_that_is_paid_for_is_kept_without_its_reader(stack: Stack, through: str) -> None:
    url = stack.gateway_url if through == "gateway" else stack.imagegen_url
    prompt, key = f"已付款 {through}", {"Idempotency-Key": str(uuid4())}
    stack.tune(jimeng_seconds=[2, 2])
    with calling(url) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(IMAGE, json={"prompt": prompt}, headers=key, timeout=1.2)
        stack.tune(jimeng_seconds=[0.2, 0.5])
        eventually(lambda: bought(stack, prompt) == 1, "it was never submitted")

        def answer() -> httpx.Response:
            return client.post(IMAGE, json={"prompt": prompt}, headers=key)

        eventually(lambda: answer().status_code != 409, "it never ended")
        assert (answer().status_code, answer().json()["success"]) == (200, True)
    assert bought(stack, prompt) == 1


def test_an_order_needs_no_reader(imagegen: httpx.Client, stack: Stack) -> None:
    key = {"Idempotency-Key": str(uuid4()), "Prefer": "wait=30"}
    stack.tune(jimeng_seconds=[1.5, 1.5])
    with pytest.raises(httpx.ReadTimeout):
        imagegen.post("/api/images", json={"prompt": "自己画"}, headers=key, timeout=0.5)
    stack.tune(jimeng_seconds=[0.2, 0.5])
    answer = imagegen.post("/api/images", json={"prompt": "自己画"}, headers=key)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert bought(stack, "自己画") == 1

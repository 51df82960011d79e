"""Health answers while nothing else does."""

from tests.imagegen.ordering import order
from tests.plain import calling
from tests.stack import Stack
from tests.waiting import eventually

PICTURES = 100


def test_health_answers_while_a_hundred_questions_hang(own_stack: Stack) -> None:
    own_stack.settings |= {
        "JIMENG_MAX_CONCURRENCY": str(PICTURES),
        "SANDBOX_JIMENG_CONCURRENCY": "0",
        "SANDBOX_JIMENG_QPS": "0",
    }
    own_stack.add("sandbox", own_stack.sandbox_port).start(wait=False)
    own_stack.add("imagegen", own_stack.imagegen_port).start()
    own_stack.fault(vendor="jimeng", call="result", kind="stall", times=PICTURES)

    with calling(own_stack.imagegen_url, timeout=20) as client:
        for number in range(PICTURES):
            order(client, f"frame {number}")
            assert client.get("/api/health").status_code == 200
        eventually(
            lambda: own_stack.calls("jimeng", "result") == PICTURES,
            "one hanging question keeps the others from being asked",
        )
        for path in ("/api/health", "/livez", "/readyz"):
            assert client.get(path).status_code == 200
        assert own_stack.calls("jimeng", "result") == PICTURES, "a question came back: it did not hang"

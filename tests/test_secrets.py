"""A vendor that repeats our keys: neither answers nor events, logs, rows nor metrics show them."""

import base64
import json
from urllib.parse import quote

import psycopg
import pytest

from tests.imagegen.scripted_vendor import ScriptedVendor, raw, told
from tests.plain import calling, http
from tests.stack import Stack

ACCESS = "AKLT!ZmFrZQ/access+key="
SECRET = "T0RVek5qZz+k/a9WmRt5Qz=="
RELAY_KEY = "relay/key+of=ours/0123456789"
PASSWORD = "p@ss/w:rd+1"


def forms(secret: str) -> list[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    return [secret, quote(secret, safe=""), encoded, json.dumps(json.dumps(secret))[3:-3], basic[8:24]]


SHOWN = [form for secret in (ACCESS, SECRET, RELAY_KEY, PASSWORD) for form in forms(secret)]


def repeated(*secrets: str) -> str:
    """What a vendor says that shows what it was sent."""
    words = [form for secret in secrets for form in forms(secret)[:3]]
    basic = base64.b64encode(f"user:{secrets[0]}".encode()).decode()
    return f"refused {' '.join(words)} Basic {basic}"


def rows_of(url: str) -> str:
    """Everything in every table, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f'SELECT t::text FROM "{name}" t').fetchall() for (name,) in tables]
    return "\n".join(text for table in rows for (text,) in table)


def shows_nothing(where: str, text: str) -> None:
    assert not [form for form in SHOWN if form in text], where


@pytest.mark.parametrize("level", ["debug", "warning"])
def test_what_a_vendor_repeats_of_our_keys_is_shown_nowhere(
    own_stack: Stack, vendor: ScriptedVendor, database_url: str, level: str
) -> None:
    own_stack.settings |= {
        "DATABASE_URL": database_url + ("&" if "?" in database_url else "?") + f"password={quote(PASSWORD, safe='')}",
        "LOG_LEVEL": level,
        "VOLCENGINE_ACCESS_KEY_ID": ACCESS,
        "VOLCENGINE_SECRET_ACCESS_KEY": SECRET,
        "VOLCENGINE_BASE_URL": vendor.url,
        "ANTHROPIC_API_KEY": RELAY_KEY,
        "ANTHROPIC_BASE_URL": f"{vendor.url}/v1/chat/completions",
    }
    imagegen = own_stack.add("imagegen", own_stack.imagegen_port).start(wait=False)
    gateway = own_stack.add("gateway", own_stack.gateway_port).start(wait=False)
    for process in (imagegen, gateway):
        process.wait_ready()
    answers: list[str] = []
    with calling(gateway.url) as client, calling(imagegen.url) as direct:
        vendor.says(submit=told(code=50411, message=repeated(SECRET, ACCESS), status=400))
        for caller in (client, direct):
            answer = caller.post("/api/generate-image", json={"prompt": "雨夜"})
            assert answer.status_code >= 400
            assert "***" in answer.text
            ordered = caller.post("/api/images", json={"prompt": "灯塔"}).json()
            state = caller.get(f"/api/images/{ordered['id']}", headers={"Prefer": "wait=20"})
            answers += [answer.text, str(answer.headers), state.text]
        vendor.says(raw({"error": {"message": repeated(RELAY_KEY), "type": "invalid_request_error"}}, 401))
        form = {"genre": "都市", "duration": "1分钟", "episodes": 1, "characters": ["张明"]}
        streamed = client.post("/api/stream/generate-script", json=form)
        assert "***" in streamed.text
        odd = client.post("/api/stream/generate-script", json={"genre": repeated(RELAY_KEY, PASSWORD)})
        answers += [streamed.text, odd.text, client.get("/api/stream/tasks").text]
    answers += [http.get(f"{url}/metrics").text for url in (gateway.url, imagegen.url)]
    for number, text in enumerate(answers):
        shows_nothing(f"answer {number}", text)
    own_stack.stop()
    for process in own_stack.processes:
        shows_nothing(process.service, process.log.read_text())
    shows_nothing("the database", rows_of(database_url))

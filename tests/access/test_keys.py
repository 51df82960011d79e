"""Keys and tickets as values."""

import pytest
from starlette.datastructures import Headers

from shared.web.auth import ApiKeys, given_key
from shared.web.tickets import Tickets, subject_of_path


def test_a_known_key_names_its_owner_and_another_key_another() -> None:
    keys = ApiKeys("one, studio:two")
    assert keys.owner("one")
    assert keys.owner("two")
    assert keys.owner("one") != keys.owner("two")


@pytest.mark.parametrize("wrong", ["", "on", "one ", "ONE", "studio", "studio:two", "one,two", "钥匙", "\x00"])
def test_anything_but_the_whole_key_is_refused(wrong: str) -> None:
    assert ApiKeys("one,studio:two").owner(wrong) is None


@pytest.mark.parametrize("empty", ["", " ", ",", " , ,", "label:", ":"])
def test_without_keys_access_is_open(empty: str) -> None:
    keys = ApiKeys(empty)
    assert not keys
    assert keys.owner("") is None


def test_a_replaced_key_with_the_same_label_keeps_its_tasks() -> None:
    assert ApiKeys("studio:old").owner("old") == ApiKeys("studio:new").owner("new")


def test_owners_do_not_depend_on_the_process_or_the_order() -> None:
    assert ApiKeys("a,b").owner("a") == ApiKeys("b,a").owner("a") == ApiKeys("a").owner("a")


def test_the_keys_themselves_are_not_kept() -> None:
    assert "correct-horse" not in repr(vars(ApiKeys("correct-horse")))


def test_a_key_may_be_written_in_any_script() -> None:
    sent = Headers(raw=[(b"authorization", "Bearer 钥匙".encode())])
    assert ApiKeys("钥匙").owner(given_key(sent))


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Authorization": "Bearer k"}, "k"),
        ({"Authorization": "bearer  k "}, "k"),
        ({"Authorization": "Basic k"}, ""),
        ({"Authorization": "k"}, ""),
        ({"X-API-Key": " k "}, "k"),
        ({"Authorization": "Bearer a", "X-API-Key": "b"}, "a"),
        ({"Authorization": "Basic a", "X-API-Key": "b"}, "b"),
        ({}, ""),
    ],
)
def test_where_a_key_may_stand(headers: dict[str, str], key: str) -> None:
    assert given_key(Headers(headers)) == key


def test_a_ticket_is_good_for_its_subject_only() -> None:
    tickets = Tickets("secret", 60)
    ticket = tickets.issue("ab12", "task:1")
    assert tickets.owner(ticket, "task:1") == "ab12"
    assert tickets.owner(ticket, "task:2") is None
    assert tickets.owner(ticket, "image:1") is None


def test_a_ticket_is_honoured_by_every_replica_and_by_nobody_else() -> None:
    ticket = Tickets("secret", 60).issue("ab12", "task:1")
    assert Tickets("secret", 60).owner(ticket, "task:1") == "ab12"
    assert Tickets("other", 60).owner(ticket, "task:1") is None


def test_a_ticket_runs_out() -> None:
    tickets = Tickets("secret", -1)
    assert tickets.owner(tickets.issue("ab12", "task:1"), "task:1") is None


@pytest.mark.parametrize("forged", ["", "=", "%00", "钥匙", "a" * 5000, "OTk5OTk5OTk5OXxhYjEyfA", "\x00", "fHx8"])
def test_a_forged_ticket_opens_nothing(forged: str) -> None:
    assert Tickets("secret", 60).owner(forged, "task:1") is None


def test_every_changed_character_spoils_a_ticket() -> None:
    tickets = Tickets("secret", 60)
    ticket = tickets.issue("ab12", "task:1")
    for index, character in enumerate(ticket[:-1]):
        changed = ticket[:index] + ("A" if character != "A" else "B") + ticket[index + 1 :]
        assert tickets.owner(changed, "task:1") is None, index


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/api/stream/tasks/7", "task:7"),
        ("/api/stream/tasks/7/events", "task:7"),
        ("/api/stream/tasks/7/script.md", "task:7"),
        ("/api/images/jimeng_v4_1", "image:jimeng_v4_1"),
        ("/api/images/jimeng_v4_1/content", "image:jimeng_v4_1"),
        ("/api/stream/tasks", None),
        ("/api/stream/tasks/", None),
        ("/api/stream/tasks/7/events/8", None),
        ("/api/images", None),
        ("/api/images/1/content/..", None),
        ("/api/generate-all-images", None),
    ],
)
def test_what_a_path_reads(path: str, subject: str | None) -> None:
    assert subject_of_path(path) == subject

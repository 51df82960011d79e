"""The embedded PostgreSQL: whoever is killed, whenever the power goes, it starts again."""

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from shared.database.embedded import let_go, start_embedded
from shared.database.engine import sqlalchemy_url
from tests.stack import Stack
from tests.waiting import eventually


def answers(data_dir: Path) -> bool:
    """Start it, ask it, stop it."""
    server = start_embedded(data_dir)
    engine = create_engine(sqlalchemy_url(server.get_uri()))
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT true")).scalar_one())
    finally:
        engine.dispose()
        let_go(server)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database that is stopped."""
    data_dir = tmp_path_factory.mktemp("embedded")
    assert answers(data_dir)
    return data_dir


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 + 1, ""], ids=["another's", "nobody's", "lost"])
def test_a_power_cut_leaves_nothing_in_the_way(made: Path, pid: object) -> None:
    home = made / "postgres"
    lock = f"{pid}\n{home}\n1795346424\n5432\n{home}\n\n  3482488   7864347\nready   \n" if pid else ""
    (home / "postmaster.pid").write_text(lock)
    assert answers(made)


@pytest.mark.parametrize("users", ["", "[{pid}]"], ids=["lost", "another's"])
def test_the_list_of_its_users_may_be_old(made: Path, users: str) -> None:
    later = subprocess.Popen(["sleep", "60"])
    listed = made / "postgres" / ".handle_pids.json"
    listed.write_text(users.format(pid=later.pid))
    os.utime(listed, (1_795_000_000, 1_795_000_000))
    assert answers(made)
    later.kill()
    later.wait()
    assert not (made / "postgres" / "postmaster.pid").exists(), "the last to leave stops it"


def test_a_server_that_another_started_is_not_started_again(made: Path) -> None:
    running = start_embedded(made).get_pid()
    server = start_embedded(made)
    assert server.get_pid() == running
    let_go(server)


def test_what_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new-5f3c2a7b"
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert answers(tmp_path)
    assert not half.exists()


def test_who_is_killed_while_making_it_leaves_nothing_that_looks_whole(own_stack: Stack) -> None:
    data = own_stack.folder / "data"
    own_stack.add("sandbox", own_stack.sandbox_port).start()
    maker = own_stack.add("imagegen").start(wait=False)
    eventually(lambda: any(data.glob("postgres.new-*/PG_VERSION")), "nothing is being made")
    maker.kill()
    assert not (data / "postgres").exists()
    maker.start()
    assert not any(data.glob("postgres.new-*/PG_VERSION"))

"""The embedded PostgreSQL: whoever is killed, whenever the power goes, it starts again."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from shared.database.embedded import let_go, start_embedded
from shared.database.engine import sqlalchemy_url
from tests.shared.embedded_user import look
from tests.stack import ROOT, Stack
from tests.waiting import eventually


def answers(data_dir: Path) -> bool:
    """Start it, ask it, stop it."""
    server = start_embedded(data_dir)
    engine = create_engine(sqlalchemy_url(server.url))
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


def test_a_server_that_another_started_is_not_started_again(made: Path) -> None:
    first, second = start_embedded(made), start_embedded(made)
    assert look(first.url).split(" ")[:2] == look(second.url).split(" ")[:2]
    let_go(first)
    assert look(second.url), "the last to leave stops it, and no other"
    let_go(second)
    assert not (made / "postgres" / "postmaster.pid").exists()


def test_a_server_whose_process_cannot_be_seen_is_not_started_again(made: Path) -> None:
    first = start_embedded(made)
    lock = made / "postgres" / "postmaster.pid"
    told = lock.read_text()
    lock.write_text(told.replace(told.split("\n", 1)[0], str(2**22 + 1), 1))
    second = start_embedded(made)
    assert look(first.url).split(" ")[:2] == look(second.url).split(" ")[:2]
    lock.write_text(told)
    let_go(second)
    let_go(first)


def test_a_server_that_died_under_its_users_is_started_again_by_the_next(made: Path) -> None:
    first = start_embedded(made)
    postmaster = psutil.Process(int((made / "postgres" / "postmaster.pid").read_text().split()[0]))
    family = [postmaster, *postmaster.children()]
    postmaster.kill()
    psutil.wait_procs(family, timeout=20)
    second = start_embedded(made)
    assert look(second.url)
    let_go(second)
    let_go(first)


@dataclass
class Elsewhere:
    """A user of the server in a container's namespaces: it sees no process and no shared memory of this test."""

    running: subprocess.Popen[str]
    seen: str

    def leave(self) -> None:
        self.running.communicate(timeout=60)

    def kill(self) -> None:
        self.running.kill()
        self.running.communicate(timeout=60)


def container() -> list[str]:
    """What starts a process in namespaces of its own; where nobody may, it is only another process."""
    command = ["unshare", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"]
    for rights in ([], ["--map-root-user"]):
        with suppress(OSError):
            if subprocess.run([*command, *rights, "true"], capture_output=True, check=False).returncode == 0:
                return [*command, *rights]
    return []


def user_elsewhere(data_dir: Path) -> Elsewhere:
    command = [*container(), sys.executable, "-m", "tests.shared.embedded_user", str(data_dir)]
    running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    seen = running.stdout.readline().strip()
    assert seen, "it does not start"
    return Elsewhere(running, seen)


def servers_of(data_dir: Path) -> int:
    """How many PostgreSQLs run on the data folder, in whatever container."""
    home = str(data_dir / "postgres")
    found = psutil.process_iter(["name", "cmdline"])
    return sum(p.info["name"] == "postgres" and home in (p.info["cmdline"] or []) for p in found)


def test_two_containers_on_one_data_folder_share_one_server(made: Path) -> None:
    here = start_embedded(made)
    start, before = look(here.url).rsplit(" ", 1)
    elsewhere = user_elsewhere(made)
    assert elsewhere.seen == f"{start} {int(before) + 1}"
    assert servers_of(made) == 1
    elsewhere.leave()
    assert look(here.url) == f"{start} {int(before) + 2}", "the server stays with those who are left"
    let_go(here)
    assert servers_of(made) == 0


def test_a_server_of_another_container_is_used_and_started_anew_when_that_container_is_gone(made: Path) -> None:
    elsewhere = user_elsewhere(made)
    start, before = elsewhere.seen.rsplit(" ", 1)
    here = start_embedded(made)
    assert look(here.url) == f"{start} {int(before) + 1}"
    assert servers_of(made) == 1
    elsewhere.kill()
    eventually(lambda: servers_of(made) == 0 or not container(), "the container's server outlives it")
    again = start_embedded(made)
    assert int(look(again.url).rsplit(" ", 1)[1]) == int(before) + 2
    assert servers_of(made) == 1
    let_go(here)
    let_go(again)


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

"""The Dockerfile's steps, performed: what they make runs as somebody without rights on a tree it cannot write."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.containers.dockerfile import Performed
from tests.plain import http
from tests.stack import ROOT, free_port

# The images make user 10001; PostgreSQL wants a user that has a name, so here it is nobody.
NOBODY = pwd.getpwnam("nobody").pw_uid
SYSTEM_PYTHON = shutil.which("python3.11", path="/usr/bin:/usr/local/bin") or ""


def listed_context(folder: Path) -> Path:
    """What is committed or would be: no leftovers of this checkout."""
    folder.mkdir()
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def open_to_all(path: Path) -> None:
    for part in (path, *path.parents):
        if part.owner() == "root" and part != Path("/tmp") and Path("/tmp") in part.parents:
            part.chmod(0o755)


@pytest.mark.soak
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become another user")
@pytest.mark.skipif(not SYSTEM_PYTHON, reason="needs a Python that every user may run")
@pytest.mark.timeout(900)
def test_the_images_steps_make_services_that_run_without_rights(tmp_path: Path) -> None:
    root = tmp_path / "images"
    context = listed_context(tmp_path / "context")
    ports = {"sandbox": free_port(), "imagegen": free_port(), "gateway": free_port()}
    told = {
        "SANDBOX_PORT": str(ports["sandbox"]),
        "PORT": str(ports["imagegen"]),
        "APP_PORT": str(ports["gateway"]),
        "SANDBOX_URL": f"http://127.0.0.1:{ports['sandbox']}",
        "PYTHON_BACKEND_URL": f"http://127.0.0.1:{ports['imagegen']}",
        "DATA_DIR": str(root / "data"),
        # The embedded server's lock lies there; whoever else runs one on this machine owns the other.
        "TMPDIR": str(root / "run"),
    }
    for own in ("data", "run"):
        (root / own).mkdir(parents=True)
        os.chown(root / own, NOBODY, NOBODY)
    running = []
    try:
        for target in ports:
            performed = Performed(context, root, SYSTEM_PYTHON)
            directory = performed.perform(target)
            open_to_all(directory)
            assert performed.user == "10001:10001"
            image = {name: performed.moved(directory, value) for name, value in performed.environment.items()}
            command = [str(directory / "opt/venv/bin" / performed.command[0]), *performed.command[1:]]
            running.append(started(command, directory / "srv", image | told))
        wait_until_ready(f"http://127.0.0.1:{ports['gateway']}/readyz")
        wait_until_ready(f"http://127.0.0.1:{ports['imagegen']}/readyz")
        form = {"prompt": "雨夜的灯塔"}
        url = f"http://127.0.0.1:{ports['gateway']}/api/generate-image"
        answer = http.post(url, json=form)
        assert answer.json()["data"]["demo"] is True
        assert http.get(f"http://127.0.0.1:{ports['gateway']}/").status_code == 200
        assert not list((root / "gateway" / "srv").rglob("*.log"))
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(20)


def started(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=folder, env=environment, user=NOBODY, group=NOBODY, extra_groups=[])


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if http.get(url).status_code == 200:
                return
        except httpx.HTTPError:
            assert time.monotonic() < deadline, f"{url} is not ready"
        time.sleep(0.2)

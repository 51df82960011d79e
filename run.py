"""`make run`: the whole stack on this machine, until Ctrl-C."""

import shlex
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import honcho.manager
from pydantic import ValidationError
from pydantic_settings import SettingsError

from gateway.settings import GatewaySettings
from imagegen.settings import ImagegenSettings
from sandbox.control.settings import SandboxSettings
from shared.settings import SharedSettings
from shared.web.start import sentence

honcho.manager.KILL_WAIT = 45
_READY_SECONDS = 120

_WELCOME = """
ScriptToFrame is ready: {url}  (API description: {url}/docs)
{demo}
Try it:
  curl -s {url}/api/generate-image -H 'Content-Type: application/json' \\
       -d '{{"prompt": "雨夜的霓虹街头，少女撑伞回头", "config": {{"aspectRatio": "16:9", "resolution": "1k"}}}}'
Ctrl-C stops everything.
"""
_DEMO = "The sandbox answers for every vendor without a key; put keys into .env (see .env.example) for the real ones.\n"


def main() -> int:
    try:
        gateway, imagegen, sandbox = GatewaySettings(), ImagegenSettings(), SandboxSettings()
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"It cannot start. {sentence(error)}\n")
        return 1
    services = {"imagegen": (imagegen.host, imagegen.port), "gateway": (gateway.app_host, gateway.app_port)}
    if gateway.sandbox_url:
        services = {"sandbox": (sandbox.host, sandbox.port)} | services
    if taken := [f"{name} needs port {port}" for name, (_, port) in services.items() if _answers(port)]:
        sys.stderr.write(f"Something else is running already: {', '.join(taken)}.\n")
        return 1
    manager = honcho.manager.Manager()
    for name in services:
        manager.add_process(name, f"{_log_settings(name, gateway)} exec {shlex.quote(sys.executable)} -m {name}")
    url = f"http://localhost:{gateway.app_port}"
    probes = [f"{url}/readyz", f"http://localhost:{imagegen.port}/readyz"]
    welcome = _WELCOME.format(url=url, demo=_DEMO if gateway.sandbox_url else "")
    threading.Thread(target=_greet, args=(probes, welcome), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _log_settings(name: str, settings: SharedSettings) -> str:
    """The services write to a pipe, and what is at its end is what they should write for; each has its own file."""
    told: dict[str, str] = {
        "LOG_FORMAT": "text" if settings.log_format == "auto" and sys.stdout.isatty() else settings.log_format
    }
    if settings.log_file:
        path = Path(settings.log_file)
        told["LOG_FILE"] = str(path.with_name(f"{path.stem}-{name}{path.suffix}"))
    return " ".join(f"{setting}={shlex.quote(value)}" for setting, value in told.items())


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _greet(probes: list[str], welcome: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if all(_ready(probe) for probe in probes):
            sys.stdout.write(welcome)
            sys.stdout.flush()
            return
        time.sleep(0.2)


def _ready(probe: str) -> bool:
    try:
        with urllib.request.urlopen(probe, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())

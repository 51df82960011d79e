"""Reads the Dockerfile and performs its steps in plain directories, because an engine is not everywhere.

What needs root in an image (users, system packages) is left out; every path of the image becomes a path under its
stage's directory.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_NEEDS_ROOT = ("useradd", "apt-get", "install -d -o")
_IMAGE_PATHS = re.compile(r"(?<![\w/.])/(opt|srv|tmp|data)\b")


@dataclass(slots=True)
class Stage:
    """One `FROM … AS name` with its instructions in order."""

    name: str
    origin: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def words(self, instruction: str) -> list[str]:
        return [argument for found, argument in self.steps if found == instruction]


def stages(path: Path) -> dict[str, Stage]:
    """All stages of a Dockerfile by name."""
    found: dict[str, Stage] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        instruction, _, argument = line.strip().partition(" ")
        if instruction == "FROM":
            origin, _, name = argument.split()
            latest = found[name] = Stage(name, origin)
        elif instruction and not instruction.startswith("#"):
            latest.steps.append((instruction, argument))
    return found


def lineage(all_stages: dict[str, Stage], name: str) -> list[Stage]:
    """The stage and what it is built from, the oldest first."""
    stage = all_stages[name]
    return [*(lineage(all_stages, stage.origin) if stage.origin in all_stages else []), stage]


class Performed:
    """A target's file system under `root`, made by performing its steps."""

    def __init__(self, context: Path, root: Path, python: str) -> None:
        self._context = context
        self._root = root
        self._python = python
        self._stages = stages(context / "Dockerfile")
        self._kept = _kept_by_dockerignore(context)
        self.environment: dict[str, str] = {}
        self.user = ""
        self.command: list[str] = []

    def perform(self, target: str) -> Path:
        """The target's root directory."""
        directory = self._root / target
        for folder in ("opt", "srv", "tmp", "data"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        for stage in lineage(self._stages, target):
            for instruction, argument in stage.steps:
                self._step(directory, instruction, argument)
        return directory

    def _step(self, directory: Path, instruction: str, argument: str) -> None:
        match instruction:
            case "RUN":
                self._run(directory, argument)
            case "COPY":
                self._copy(directory, argument)
            case "ENV":
                self.environment |= dict(pair.split("=", 1) for pair in shlex.split(argument))
            case "USER":
                self.user = argument
            case "CMD":
                self.command = json.loads(argument)

    def moved(self, directory: Path, text: str) -> str:
        """The text with the image's paths under the directory."""
        return _IMAGE_PATHS.sub(lambda found: f"{directory}/{found[1]}", text)

    def _run(self, directory: Path, command: str) -> None:
        if any(word in command for word in _NEEDS_ROOT):
            return
        command = re.sub(r"^python\b", self._python, self.moved(directory, command))
        subprocess.run(command, shell=True, check=True, cwd=directory / "srv", env=_bare_environment())

    def _copy(self, directory: Path, argument: str) -> None:
        *options, source, target = argument.split()
        origin = self._context
        if options:
            origin = self._root / options[0].removeprefix("--from=")
            if not origin.exists():
                self.perform(origin.name)
        found = origin / source.lstrip("/")
        assert options or source in self._kept, f".dockerignore keeps {source} out"
        goal = directory / target.lstrip("/") if target.startswith("/") else directory / "srv" / target
        if found.is_dir():
            ignored = shutil.ignore_patterns("__pycache__") if not options else None
            shutil.copytree(found, goal, symlinks=True, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(found, goal)


def _bare_environment() -> dict[str, str]:
    """Nothing of the developer's virtual environment; pip's own configuration stays reachable."""
    kept = ("HOME", "LANG", "SSL_CERT_FILE", "PIP_CONFIG_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PATH": "/usr/bin:/bin"}  # noqa: TID251


def _kept_by_dockerignore(context: Path) -> set[str]:
    lines = (context / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    names = {path.name for path in context.iterdir()}
    return {name for line in lines if line.startswith("!") for name in fnmatch.filter(names, line[1:])}

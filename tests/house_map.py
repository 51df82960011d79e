"""docs/map.md: every package and module in one line, as their own docstrings say. `make snap` writes it anew."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAP = ROOT / "docs" / "map.md"
FOLDERS = ("gateway", "imagegen", "shared", "sandbox")
_HEAD = """# Map

One line for every package and module: where to look for what. Written by `make snap` from the modules' own first
lines, and held true by a test. How the parts work together stands in [ARCHITECTURE.md](../ARCHITECTURE.md).
"""


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].replace("\n", " ")


def current_map() -> str:
    listed = subprocess.run(["git", "ls-files", *FOLDERS], cwd=ROOT, check=True, capture_output=True, text=True)
    paths = sorted(ROOT / name for name in listed.stdout.splitlines() if name.endswith(".py"))
    parts = [_HEAD]
    for folder in sorted({path.parent for path in paths if "versions" not in path.parts}):
        parts.append(f"\n## {folder.relative_to(ROOT)}/\n")
        if (package := folder / "__init__.py").is_file():
            parts.append(f"{first_line(package)}\n")
        modules = [path for path in paths if path.parent == folder and path.name != "__init__.py"]
        parts += [f"- [`{path.name}`](../{path.relative_to(ROOT)}) {first_line(path)}" for path in modules]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    MAP.write_text(current_map())

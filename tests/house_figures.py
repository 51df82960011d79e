"""Figures of the code base: how long its functions are, how often they were cut for a single caller, how much is said.

`python -m tests.house_figures` prints them; tests/test_house_rules.py holds them.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVICES = ("shared", "gateway", "imagegen")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Figures:
    """Lengths in lines, shares from 0 to 1."""

    functions: int
    p90: int
    longest: int
    single_caller_helpers: float
    comments: float
    tests_to_source: float

    def __str__(self) -> str:
        return (
            f"{self.functions} functions, p90 {self.p90} lines, longest {self.longest}; "
            f"private helpers with one caller {self.single_caller_helpers:.1%}; comments {self.comments:.1%}; "
            f"tests {self.tests_to_source:.2f} x source"
        )


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "versions" not in path.parts)


def functions_of(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def single_caller_helpers(text: str, tree: ast.AST) -> list[str]:
    """Private functions and methods that are named exactly once beside their definition.

    Overridden hooks of libraries and functions that are handed over by name count like calls.
    """
    private = [node.name for node in functions_of(tree) if re.fullmatch(r"_[a-z]\w*", node.name)]
    names = Counter(re.findall(r"\b_[a-z]\w*", text))
    return [name for name in private if names[name] == 2]


def comment_lines(text: str) -> int:
    """Lines that carry a comment which is no instruction to a tool."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    told = (token for token in tokens if token.type == tokenize.COMMENT)
    return len({token.start[0] for token in told if not re.match(r"#\s*(noqa|type:|!)", token.string)})


def measured() -> Figures:
    lengths: list[int] = []
    helpers = lines = comments = 0
    for path in sources(*SERVICES):
        text = path.read_text()
        tree = ast.parse(text)
        lengths += [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions_of(tree)]
        helpers += len(single_caller_helpers(text, tree))
        lines += len(text.splitlines())
        comments += comment_lines(text)
    source = lines + sum(len(path.read_text().splitlines()) for path in sources("sandbox"))
    tests = sum(len(path.read_text().splitlines()) for path in sources("tests", "benchmarks"))
    lengths.sort()
    return Figures(
        functions=len(lengths),
        p90=lengths[int(0.9 * len(lengths))],
        longest=lengths[-1],
        single_caller_helpers=helpers / len(lengths),
        comments=comments / lines,
        tests_to_source=tests / source,
    )


if __name__ == "__main__":
    print(measured())  # noqa: T201 that is what it is for

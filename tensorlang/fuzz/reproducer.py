"""A failing pair as a test that can be pasted: the program, the schedule, and the comparison with the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.pair import THREADS, Attempt, Outcome
from tensorlang.fuzz.programs.model import PRELUDE


@dataclass(frozen=True)
class Reproducer:
    """A test as text; `fails` says that it was run, and failed."""

    text: str
    fails: bool = False


def write_test(case: Case, attempt: Attempt, outcome: Outcome) -> str:
    """The text of a module with one test."""
    if attempt.program is None:
        return f"# {case}: {outcome.kind} before there was a program: {outcome.reason}\n"
    outputs, shapes = ", ".join(attempt.program.shapes), _shapes(attempt.program.shapes)
    body = [
        *attempt.program.statements,
        *attempt.schedule.source().splitlines(),
        f"kernel = tl.compile([{outputs}], s, shape={shapes}, cache=False)",
        f"for threads in {THREADS}:",
        "    result = check_kernel(kernel, threads=threads)",
        "    assert result.ok, result.reason",
    ]
    first = outcome.reason.partition("\n")[0]
    return "\n".join(
        [
            f'"""{case}: {outcome.kind}."""',
            "",
            PRELUDE,
            "from tensorlang.validation import check_kernel",
            "",
            "",
            f"def test_case_{case.seed}_{case.number}() -> None:",
            *([f"    # {first}"] if first else []),
            indent("\n".join(body), "    "),
            "",
        ]
    )


def _shapes(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return "{" + ", ".join(f'"{name}": {shape}' for name, shape in shapes.items()) + "}"

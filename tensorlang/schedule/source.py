"""Schedules as the Python that builds them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tensorlang.schedule.cases import Specialize
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.factoring import Rfactor
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.wrapping import In

_MAX_WIDTH = 100


def to_source(directives: Sequence[Directive], name: str = "s") -> str:
    """Statements that build a schedule called `name`, where ``import tensorlang as tl`` has been said.

    Directives that follow each other on one stage are one chain of calls. Stages are named by text, so that no Func is
    needed.
    """
    lines = [f"{name} = tl.Schedule()"]
    for _, chain in groupby(_numbered_chains(directives), key=lambda pair: pair[0]):
        lines.append(_statement(name, [directive for _, directive in chain]))
    return "\n".join(lines) + "\n"


def to_lines(directives: Sequence[Directive]) -> list[str]:
    """One call a line, for comparing schedules."""
    return [_statement("s", [directive]) for directive in directives]


def _numbered_chains(directives: Sequence[Directive]) -> list[tuple[int, Directive]]:
    """Each directive with the number of its chain: a new one at every change of stage, at every in_, after rfactor.

    What rfactor returns is the new stage, so directives on that go on with its chain. What specialize returns is the
    case, so nothing more is said of the stage in its chain.
    """
    numbered: list[tuple[int, Directive]] = []
    for directive in directives:
        number, before = numbered[-1] if numbered else (0, None)
        is_same = before is not None and _result(before) == directive.stage
        is_same = is_same and not isinstance(directive, In) and not isinstance(before, Specialize)
        numbered.append((number if is_same else number + 1, directive))
    return numbered


def _result(directive: Directive) -> StageName:
    """The stage that the call of a directive returns."""
    return StageName(directive.name) if isinstance(directive, Rfactor) else directive.stage


def _statement(name: str, chain: list[Directive]) -> str:
    calls = [directive.method_text(quote_stages=True) for directive in chain]
    head = f"{name}.{calls.pop(0)}" if isinstance(chain[0], In) else f'{name}["{chain[0].stage}"]'
    line = ".".join([head, *calls])
    if len(line) <= _MAX_WIDTH or len(calls) < 2:
        return line
    return "\n".join(["(", f"    {head}", *(f"    .{call}" for call in calls), ")"])

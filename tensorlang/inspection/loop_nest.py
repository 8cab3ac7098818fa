"""The equivalent loop nest of an algorithm under a schedule, as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tensorlang.bounds.expected import expected_shapes
from tensorlang.bounds.params import PARAM, param_facts
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Expr
from tensorlang.ir.printer import format_expr, format_policy
from tensorlang.ir.recursion import deep_recursion
from tensorlang.ir.stmt import (
    Block,
    For,
    IfThenElse,
    LetStmt,
    LoopKind,
    Predicated,
    Prefetch,
    Provide,
    Races,
    Range,
    Realize,
    Stmt,
)
from tensorlang.ir.visitor import any_of, substatements
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lowering.build_loop_nests import Kept
from tensorlang.lowering.flatten_storage import storage_shape
from tensorlang.lowering.pipeline import place
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.lowering.substitute_lets import substitute_lets
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.schedule.schedule import Schedule
from tensorlang.symbolic.facts import Facts

# A loop's variable: its Func, the number of its stage, its name.
_LOOP = re.compile(r"\b[A-Za-z_]\w*\.\d+\.[A-Za-z_][\w.]*")

# A literal whose type is that of what it is compared with.
_LITERAL = re.compile(r"\b(?:u?int(?:8|16|32)|uint64|float64)\((-?\d[\d.e+-]*)\)")

Shape = tuple[int, ...] | Mapping[str, tuple[int, ...]]


@deep_recursion()
def loop_nest(
    output: Func | Sequence[Func] | Algorithm, schedule: Schedule | None = None, *, shape: Shape | None = None
) -> str:
    """The loops, storage and definitions that a schedule stands for, outermost first.

    Parameters
    ----------
    output : Func, sequence of Func, or Algorithm
    schedule : Schedule, optional
        The default schedule if omitted.
    shape : tuple of int, or mapping of output name to tuple of int, optional
        As in `tl.compile`.

    Returns
    -------
    str
        One line a loop (``for io in 0..8:``), with storage (its extents outermost first) and definitions between them.
        A loop inside another of the same name is shown with its Func: ``for g.i in 0..2:``.

    Raises
    ------
    ScheduleError, BoundsError
        As `tl.compile`.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x = tl.Input("x", (8,), tl.float32)
    >>> i = tl.Var("i")
    >>> f = tl.Func("f")
    >>> f[i] = x[i] * 2
    >>> s = tl.Schedule(f)
    >>> print(tl.loop_nest(f, s))
    for i in 0..8:
      f[i] = ...
    """
    algorithm = output if isinstance(output, Algorithm) else build_algorithm(output)
    resolved = resolve(algorithm, schedule or Schedule(algorithm))
    shapes = expected_shapes(resolved, as_shapes(algorithm, shape))
    lowered, placed = place(resolved, shapes)
    writer = _Writer(lowered, resolved, placed.kept)
    facts = param_facts(lowered)
    lines = [f"require {_Scope().text(any_of(r.conditions))}: {r.message}" for r in placed.requirements]
    if placed.prepare != Block(()):
        lines += ["initialisation:"]
        lines += [f"  store {writer.storage(name, placed.boxes[name], facts)} in state" for name in placed.state]
        prepare = simplify_stmts(substitute_lets(placed.prepare, placed.bounds))
        lines += writer.lines(prepare, _Scope(depth=1, facts=facts))
    lines += writer.lines(simplify_stmts(substitute_lets(placed.main, placed.bounds)), _Scope(facts=facts))
    return "\n".join(lines)


def as_shapes(algorithm: Algorithm, shape: Shape | None) -> dict[str, tuple[int, ...]]:
    """The ``shape=`` of a caller as a mapping."""
    if shape is None:
        return {}
    if isinstance(shape, Mapping):
        return {name: tuple(s) for name, s in shape.items()}
    return {algorithm.outputs[0]: tuple(shape)}


@dataclass(frozen=True, slots=True)
class _Scope:
    """What surrounds a statement: its depth, bounds of the loops around it, and the names they are shown by."""

    depth: int = 0
    facts: Facts = field(default_factory=Facts)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def pad(self) -> str:
        return "  " * self.depth

    @property
    def deeper(self) -> _Scope:
        return replace(self, depth=self.depth + 1)

    def with_loop(self, loop: For) -> _Scope:
        """The scope of a loop's body. A loop has the name the user gave it, after its Func's where that is taken."""
        func, _, name = loop.var.split(".", 2)
        shown = f"{func}.{name}" if name in self.names.values() else name
        return _Scope(self.depth + 1, self.facts.with_loop(loop.var, loop.extent), {**self.names, loop.var: shown})

    def with_name(self, let: LetStmt) -> _Scope:
        """The scope of the body of a let."""
        return replace(self, facts=self.facts.with_let(let.name, let.value))

    def text(self, expr: Expr, outer: int = 0) -> str:
        named = _LOOP.sub(lambda match: self.names[match[0]], format_expr(expr, outer))
        return _LITERAL.sub(r"\1", named.replace(PARAM, ""))


class _Writer:
    """Writes statements of one pipeline; its storage directives say what shape each Func is stored in."""

    def __init__(self, algorithm: Algorithm, resolved: ResolvedSchedule, kept: Mapping[str, Kept]) -> None:
        self.algorithm, self.resolved, self.kept = algorithm, resolved, kept

    def storage(self, name: str, box: tuple[Range, ...], facts: Facts) -> str:
        """The arrays of a Func with the extents of their storage, outermost first: ``packed[2, 16, 8]``."""
        func = self.algorithm.func(name)
        folds = self.kept.get(name, Kept()).folds
        shape = storage_shape(name, func.vars, self.resolved.funcs[name].storage, box, facts, folds)
        return ", ".join(f"{buffer}[{', '.join(map(str, shape))}]" for buffer, _ in func.elements)

    def lines(self, stmt: Stmt, scope: _Scope) -> list[str]:
        """One line a loop, storage, condition or definition."""
        match stmt:
            case For(var, extent, kind, body, hints):
                inside = scope.with_loop(stmt)
                word = "for" if kind is LoopKind.SERIAL else str(kind)
                heading = f"{scope.pad}{word} {inside.names[var]} in 0..{scope.text(extent, 10)}{format_policy(hints)}:"
                return [heading, *self.lines(body, inside)]
            case Realize(name, _, box, memory, body):
                remarks = self.kept.get(name, Kept()).remarks
                remark = f" ({'; '.join(remarks)})" if remarks else ""
                heading = f"{scope.pad}store {self.storage(name, box, scope.facts)} in {memory}{remark}:"
                return [heading, *self.lines(body, scope.deeper)]
            case LetStmt(name, bound, body):
                return [f"{scope.pad}let {name} = {scope.text(bound)}", *self.lines(body, scope.with_name(stmt))]
            case Provide(name=name, args=args, values=values):
                word = "atomic " if stmt.races is Races.THREADS else "stream " if stmt.streamed else ""
                value = "..." if len(values) == 1 else f"({', '.join('...' for _ in values)})"
                return [f"{scope.pad}{word}{name}[{', '.join(scope.text(a) for a in args)}] = {value}"]
            case Prefetch(name, args):
                return [f"{scope.pad}prefetch {name}[{', '.join(scope.text(a) for a in args)}]"]
            case Predicated(condition, loads, stores, body):
                what = " and ".join(word for word, is_meant in (("load", loads), ("store", stores)) if is_meant)
                return [f"{scope.pad}{what} if {scope.text(condition)}:", *self.lines(body, scope.deeper)]
            case IfThenElse(condition, then, otherwise):
                lines = [f"{scope.pad}if {scope.text(condition)}:", *self.lines(then, scope.deeper)]
                if isinstance(otherwise, IfThenElse):
                    first, *others = self.lines(otherwise, scope)
                    lines += [f"{scope.pad}el{first.removeprefix(scope.pad)}", *others]
                elif otherwise is not None:
                    lines += [f"{scope.pad}else:", *self.lines(otherwise, scope.deeper)]
                return lines
        return [line for below in substatements(stmt) for line in self.lines(below, scope)]

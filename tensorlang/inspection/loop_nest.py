"""The equivalent loop nest of an algorithm under a schedule, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.printer import format_expr
from tensorlang.ir.stmt import Block, For, IfThenElse, LetStmt, LoopKind, Provide, Realize, Stmt
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lowering.pipeline import place
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.lowering.substitute_lets import substitute_lets
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.schedule import Schedule

Shape = tuple[int, ...] | Mapping[str, tuple[int, ...]]


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
        One line a loop (``for i.io in 0..8``), with realizations and definitions between them.

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
    shapes = infer_output_shapes(resolved.algorithm, as_shapes(algorithm, shape))
    _, placed = place(resolved, shapes)
    parts = [_format(simplify_stmts(substitute_lets(placed.main)), 0)]
    if placed.prepare != Block(()):
        parts = ["initialisation:", _format(simplify_stmts(substitute_lets(placed.prepare)), 1), *parts]
    return "\n".join(parts)


def as_shapes(algorithm: Algorithm, shape: Shape | None) -> dict[str, tuple[int, ...]]:
    """The ``shape=`` of a caller as a mapping."""
    if shape is None:
        return {}
    if isinstance(shape, Mapping):
        return {name: tuple(s) for name, s in shape.items()}
    return {algorithm.outputs[0]: tuple(shape)}


def _format(stmt: Stmt, depth: int) -> str:
    pad = "  " * depth
    match stmt:
        case For(var, extent, kind, body):
            word = "for" if kind is LoopKind.SERIAL else str(kind)
            name = var.split(".", 2)[-1]
            return f"{pad}{word} {name} in 0..{format_expr(extent, 10)}:\n{_format(body, depth + 1)}"
        case Realize(name, _, box, memory, body):
            sides = ", ".join(format_expr(side.extent) for side in box)
            return f"{pad}store {name}[{sides}] in {memory}:\n{_format(body, depth + 1)}"
        case Provide(name, args, _):
            return f"{pad}{name}[{', '.join(_short(format_expr(a)) for a in args)}] = ..."
        case IfThenElse(condition, then, otherwise):
            text = f"{pad}if {_short(format_expr(condition))}:\n{_format(then, depth + 1)}"
            return text if otherwise is None else f"{text}\n{pad}else:\n{_format(otherwise, depth + 1)}"
        case Block(stmts):
            return "\n".join(_format(s, depth) for s in stmts)
        case LetStmt(body=body):
            return _format(body, depth)
    return f"{pad}..."


def _short(text: str) -> str:
    """Loop variables by the name the user gave them."""
    words = []
    for word in text.split(" "):
        head = word.lstrip("(")
        parts = head.split(".", 2)
        is_loop = len(parts) == 3 and parts[1].isdigit()
        words.append(word[: len(word) - len(head)] + (parts[2] if is_loop else head))
    return " ".join(words)

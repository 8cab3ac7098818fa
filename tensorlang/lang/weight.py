"""How large expressions may grow: passes recurse over them, and write out each part as often as it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlang.errors import LanguageError, caller_location

MAX_DEPTH = 200
MAX_SIZE = 50_000


@dataclass(frozen=True, slots=True)
class Weight:
    """The operations of an expression: how many, each part counted as often as it is used, and how deep they nest."""

    size: int
    depth: int


LEAF = Weight(1, 1)


def weigh(operands: Sequence[Weight]) -> Weight:
    """The weight of an operation on operands of these weights.

    Raises
    ------
    LanguageError
        If it is too large to compile.
    """
    size = 1 + sum(operand.size for operand in operands)
    depth = 1 + max((operand.depth for operand in operands), default=0)
    if size > MAX_SIZE:
        raise LanguageError(
            f"an expression grew to {size} operations.",
            where=caller_location(),
            rule=f"an expression has at most {MAX_SIZE} operations; a part that is used twice counts twice",
            hint="give a part that is used more than once a Func of its own, and compute_root() or compute_at() it",
        )
    if depth > MAX_DEPTH:
        raise LanguageError(
            f"an expression nests {depth} operations deep.",
            where=caller_location(),
            rule=f"operations nest at most {MAX_DEPTH} deep",
            hint="sum over a tl.RDom, add in pairs, or give a part a Func of its own",
        )
    return Weight(size, depth)

"""Conditions on scalar arguments as data: text of a small closed grammar, which holds or not for values of a call.

Grammar::

    condition  = part { "and" part }
    part       = [ "not" ] NAME                      a bool Param
               | side ("==" | "!=" | "<" | "<=" | ">" | ">=") side
    side       = NAME [ "%" INTEGER ] | number       at least one side names a Param
    number     = [ "-" ] INTEGER | [ "-" ] FLOAT | "True" | "False"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Compare, CompareOp, Const, Expr, Unary, UnaryOp
from tensorlang.ir.visitor import conjuncts
from tensorlang.lang.promotion import Operand, binary_node, compare_node
from tensorlang.schedule.stages import is_name

MAX_CONDITION_LENGTH = 500
MAX_MODULUS = 2**31 - 1
Number: TypeAlias = bool | int | float

_TOKEN = re.compile(
    r"\s*(?P<token>-?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d{1,4})?|[A-Za-z_][A-Za-z0-9_]*|==|!=|<=|>=|<|>|%)", re.ASCII
)
_COMPARISONS = frozenset(CompareOp)
_WORDS = frozenset({"and", "not", "or", "True", "False"})


class ConditionError(ValueError):
    """A text or an expression is no condition; the text says what it should be."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A Param, or its remainder."""

    name: str
    modulus: int | None = None

    def __str__(self) -> str:
        return self.name if self.modulus is None else f"{self.name} % {self.modulus}"


@dataclass(frozen=True, slots=True)
class Flag:
    """A bool Param, or its opposite."""

    name: str
    is_negated: bool = False

    def __str__(self) -> str:
        return f"not {self.name}" if self.is_negated else self.name

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        return (Scalar(self.name),)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides compared, of which one at least is a Scalar."""

    op: CompareOp
    left: Scalar | Number
    right: Scalar | Number

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        return tuple(side for side in (self.left, self.right) if isinstance(side, Scalar))


@dataclass(frozen=True, slots=True)
class Condition:
    """Parts that all hold; its text is the canonical one."""

    parts: tuple[Flag | Comparison, ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.parts))

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        """Every Param that is looked at, by its part."""
        return tuple(scalar for part in self.parts for scalar in part.scalars)

    def expr(self, reads: Mapping[str, Call]) -> Expr:
        """The condition over the reads of Params, in the arithmetic of the language.

        Raises
        ------
        LanguageError
            If a comparison is made in a type that is not computed with.
        """
        result, *others = (_part_expr(part, reads) for part in self.parts)
        for other in others:
            result = Binary(BinaryOp.AND, result, other)
        return result


def parse_condition(text: str) -> Condition:
    """The condition that `text` stands for.

    Raises
    ------
    ConditionError
        If it is not of the grammar.
    """
    if len(text) > MAX_CONDITION_LENGTH:
        raise ConditionError(f"a text of at most {MAX_CONDITION_LENGTH} characters")
    tokens = _tokens(text)
    parts = []
    for words in _split(tokens):
        parts.append(_parse_part(words))
    return Condition(tuple(parts))


def condition_of(expr: Expr) -> Condition:
    """The condition that an expression over Params stands for.

    Raises
    ------
    ConditionError
        If it is not one that the grammar has.
    """
    return parse_condition(str(Condition(tuple(_part_of(part) for part in conjuncts(expr)))))


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    stripped = text.rstrip()
    while place < len(stripped):
        found = _TOKEN.match(stripped, place)
        if found is None:
            raise _no_condition()
        tokens.append(found["token"])
        place = found.end()
    return tokens


def _no_condition() -> ConditionError:
    return ConditionError('comparisons of Params with numbers, as "n == 4" or "n % 8 == 0 and scale > 0.5"')


def _split(tokens: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for token in tokens:
        if token == "and":
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _parse_part(words: list[str]) -> Flag | Comparison:
    match words:
        case [name] if _is_param(name):
            return Flag(name)
        case ["not", name] if _is_param(name):
            return Flag(name, True)
    places = [n for n, word in enumerate(words) if word in _COMPARISONS]
    if len(places) != 1:
        raise _no_condition()
    left, right = _parse_side(words[: places[0]]), _parse_side(words[places[0] + 1 :])
    if not isinstance(left, Scalar) and not isinstance(right, Scalar):
        raise _no_condition()
    return Comparison(CompareOp(words[places[0]]), left, right)


def _parse_side(words: list[str]) -> Scalar | Number:
    match words:
        case ["True" | "False" as word]:
            return word == "True"
        case [name] if _is_param(name):
            return Scalar(name)
        case [name, "%", modulus] if _is_param(name) and modulus.isdecimal() and 1 <= int(modulus) <= MAX_MODULUS:
            return Scalar(name, int(modulus))
        case [number] if number[-1].isdigit() or number[-1] == ".":
            return int(number) if number.lstrip("-").isdecimal() else float(number)
    raise _no_condition()


def _is_param(word: str) -> bool:
    return is_name(word) and word not in _WORDS


def _part_of(expr: Expr) -> Flag | Comparison:
    match expr:
        case Call(name, ()):
            return Flag(name)
        case Unary(UnaryOp.NOT, Call(name, ())):
            return Flag(name, True)
        case Compare(op, a, b):
            return Comparison(op, _side_of(a), _side_of(b))
    raise _no_condition()


def _side_of(expr: Expr) -> Scalar | Number:
    match expr:
        case Const(value, _):
            return value
        case Call(name, ()):
            return Scalar(name)
        case Binary(BinaryOp.MOD, Call(name, ()), Const(int(modulus), _)):
            return Scalar(name, modulus)
        case Cast(_, value) if not isinstance(value, Cast):
            # Comparisons widen their sides; the condition does it again.
            return _side_of(value)
    raise _no_condition()


def _part_expr(part: Flag | Comparison, reads: Mapping[str, Call]) -> Expr:
    if isinstance(part, Flag):
        read = reads[part.name]
        return Unary(UnaryOp.NOT, read) if part.is_negated else read
    return compare_node(part.op, _operand(part.left, reads), _operand(part.right, reads))


def _operand(side: Scalar | Number, reads: Mapping[str, Call]) -> Operand:
    if not isinstance(side, Scalar):
        return side
    read = reads[side.name]
    return read if side.modulus is None else binary_node(BinaryOp.MOD, read, side.modulus)

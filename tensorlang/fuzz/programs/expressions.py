"""Random expressions over terms: every operator, in every type that it has, without jumps at values that may round."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tensorlang.dtypes import DType, float32, float64
from tensorlang.errors import LanguageError
from tensorlang.fuzz.programs.frame import Frame
from tensorlang.fuzz.programs.model import Certainty, Term, type_text

Maker = Callable[["Mixer", Term, Term], Term]


class Mixer:
    """Makes one expression of several terms."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.builder, self.chance = frame, frame.builder, frame.chance

    def mix(self, terms: Sequence[Term], *, changes: int = 2) -> Term:
        """All terms combined by random operators, with up to `changes` of one operand in between."""
        total, *rest = [self.computable(term) for term in self.chance.shuffled(terms)]
        for _ in range(self.chance.integer(0, changes)):
            total = self.change(total)
        for term in rest:
            total = self.combine(total, term)
        for _ in range(self.chance.integer(0, changes)):
            total = self.change(total)
        return total

    def computable(self, term: Term) -> Term:
        """`term` in a type that operators have."""
        if not term.type.is_storage_only:
            return term
        return self.cast(term, float64 if self.chance.flag(20) else float32)

    def cast(self, term: Term, dtype: DType) -> Term:
        return Term(f"tl.cast(tl.{type_text(dtype)}, {term.text})", dtype, self._kept(term, dtype), term.is_constant)

    def _kept(self, term: Term, dtype: DType) -> Certainty:
        """A cast rounds, so that a product ends there; one to the same type is none."""
        is_rounded = term.certainty is Certainty.PRODUCT and dtype != term.type
        return Certainty.EXACT if is_rounded else term.certainty

    def make(self, text: str, certainty: Certainty, *parts: Term) -> Term:
        """A term of the type that the language gives the text."""
        dtype = self.builder.type_of(text)
        certain = certainty if dtype.is_float else Certainty.EXACT
        return Term(text, dtype, certain, all(part.is_constant for part in parts))

    def combine(self, a: Term, b: Term) -> Term:
        """``a op b`` for a random operator that both have."""
        rough = Certainty.ROUGH in (a.certainty, b.certainty)
        makers = _SMOOTH if rough else _ALL_BINARY
        if a.type.is_bool and b.type.is_bool:
            makers = (_logical,)
        for maker in (self.chance.one_of(makers), _larger):
            try:
                return maker(self, a, b)
            except LanguageError:
                continue
        return a

    def change(self, term: Term) -> Term:
        """A random operator of one operand, or of one operand and a number or a coordinate."""
        makers = _SMOOTH_UNARY if term.certainty is Certainty.ROUGH else _ALL_UNARY
        maker = self.chance.one_of(makers)
        try:
            return maker(self, term)
        except LanguageError:
            return term

    def number(self, dtype: DType) -> str:
        """A literal that fits `dtype`: mostly small, sometimes large enough to wrap."""
        if dtype.is_bool:
            return self.chance.one_of(("True", "False"))
        if dtype.is_float:
            return self.chance.one_of(("1.0", "0.5", "-1.0", "2.0", "0.25", "-3.0", "0.1"))
        if self.chance.flag(25):
            return str(self.chance.integer(int(dtype.maximum) // 3, int(dtype.maximum) // 2))
        return str(self.chance.integer(1, 7))

    def coordinate(self) -> str:
        """A Var or RVar as a value, small."""
        names = [*self.frame.vars, *self.frame.rvars]
        return self.chance.one_of(names) if names else "1"

    def param(self, dtype: DType) -> str:
        """A Param of a type that terms are computed in, one of the program's, or a new one."""
        fitting = [name for name in self.builder.params if self.builder.scope[name].type == dtype]
        if fitting and self.chance.flag(50):
            return self.chance.one_of(fitting)
        return self.builder.param(dtype, 0, self.chance.integer(1, 5))

    def condition(self, a: Term, b: Term) -> str:
        """A condition on coordinates, or on values that are exact."""
        is_exact = Certainty.ROUGH not in (a.certainty, b.certainty)
        operator = self.chance.one_of(("<", ">=", "==", "!=", "<=", ">"))
        if is_exact and self.chance.flag(50):
            return f"({a.text} {operator} {b.text})"
        return f"({self.coordinate()} {operator} {self.chance.integer(0, 6)})"


def _sum_certainty(a: Term, b: Term) -> Certainty:
    """Sums of exact floats are exact; with a product in it, the sum may be contracted."""
    is_exact = a.certainty is Certainty.EXACT and b.certainty is Certainty.EXACT
    return Certainty.EXACT if is_exact else Certainty.ROUGH


def _sum(mixer: Mixer, a: Term, b: Term) -> Term:
    operator = mixer.chance.one_of("+-")
    return mixer.make(f"({a.text} {operator} {b.text})", _sum_certainty(a, b), a, b)


def _product(mixer: Mixer, a: Term, b: Term) -> Term:
    certainty = Certainty.ROUGH if Certainty.ROUGH in (a.certainty, b.certainty) else Certainty.PRODUCT
    return mixer.make(f"{a.text} * {b.text}", certainty, a, b)


def _larger(mixer: Mixer, a: Term, b: Term) -> Term:
    call = mixer.chance.one_of(("tl.max", "tl.min"))
    return mixer.make(f"{call}({a.text}, {b.text})", max(a.certainty, b.certainty), a, b)


def _quotient(mixer: Mixer, a: Term, b: Term) -> Term:
    """The divisor is away from 0, so that errors do not grow."""
    certainty = Certainty.ROUGH if Certainty.ROUGH in (a.certainty, b.certainty) else Certainty.EXACT
    divisor = f"(tl.abs({b.text}) + 1)"
    if not b.type.is_float:
        divisor = f"(tl.abs(tl.cast(tl.float64, {b.text})) + 1)"
    return mixer.make(f"({a.text} / {divisor})", certainty, a, b)


def _floored(mixer: Mixer, a: Term, b: Term) -> Term:
    if a.type.is_float or b.type.is_float:
        return _sum(mixer, a, b)
    return mixer.make(f"({a.text} {mixer.chance.one_of(('//', '%'))} {b.text})", Certainty.EXACT, a, b)


def _bits(mixer: Mixer, a: Term, b: Term) -> Term:
    if a.type.is_float or b.type.is_float:
        return _product(mixer, a, b)
    return mixer.make(f"({a.text} {mixer.chance.one_of(('&', '|', '^', '<<', '>>'))} {b.text})", Certainty.EXACT, a, b)


def _logical(mixer: Mixer, a: Term, b: Term) -> Term:
    return mixer.make(f"({a.text} {mixer.chance.one_of('&|^')} {b.text})", Certainty.EXACT, a, b)


def _chosen(mixer: Mixer, a: Term, b: Term) -> Term:
    text = f"tl.select({mixer.condition(a, b)}, {a.text}, {b.text})"
    return mixer.make(text, max(a.certainty, b.certainty), a, b)


def _compared(mixer: Mixer, a: Term, b: Term) -> Term:
    operator = mixer.chance.one_of(("<", ">=", "==", "!="))
    return mixer.make(f"({a.text} {operator} {b.text})", Certainty.EXACT, a, b)


_SMOOTH: tuple[Maker, ...] = (_sum, _product, _sum, _larger, _quotient, _chosen)
_ALL_BINARY: tuple[Maker, ...] = (_sum, _product, _sum, _larger, _quotient, _chosen, _floored, _bits, _compared)

Change = Callable[[Mixer, Term], Term]


def _negated(mixer: Mixer, a: Term) -> Term:
    if a.type.is_bool:
        return mixer.make(f"(~{a.text})", Certainty.EXACT, a)
    return mixer.make(f"(-{a.text})", a.certainty, a)


def _absolute(mixer: Mixer, a: Term) -> Term:
    return mixer.make(f"tl.abs({a.text})", a.certainty, a)


def _with_number(mixer: Mixer, a: Term) -> Term:
    number = mixer.number(a.type)
    if a.type.is_bool:
        return mixer.make(f"({a.text} ^ {number})", Certainty.EXACT, a)
    if mixer.chance.flag(50):
        certainty = max(a.certainty, Certainty.PRODUCT)
        return mixer.make(f"{a.text} * {number}", certainty, a)
    certainty = Certainty.EXACT if a.certainty is Certainty.EXACT else Certainty.ROUGH
    return mixer.make(f"({a.text} + {number})", certainty, a)


def _with_coordinate(mixer: Mixer, a: Term) -> Term:
    if a.type.is_bool:
        return mixer.make(f"({a.text} & ({mixer.coordinate()} > 1))", Certainty.EXACT, a)
    coordinate = f"tl.cast(tl.{type_text(a.type)}, {mixer.coordinate()})"
    certainty = Certainty.EXACT if a.certainty is Certainty.EXACT else Certainty.ROUGH
    return mixer.make(f"({a.text} + {coordinate})", certainty, a)


def _with_param(mixer: Mixer, a: Term) -> Term:
    if a.type.is_bool:
        return a
    certainty = Certainty.EXACT if a.certainty is Certainty.EXACT else Certainty.ROUGH
    return mixer.make(f"({a.text} {mixer.chance.one_of('+-')} {mixer.param(a.type)})", certainty, a)


def _at_edges(mixer: Mixer, a: Term) -> Term:
    edge = mixer.chance.integer(0, 4)
    return mixer.make(f"tl.select({mixer.coordinate()} > {edge}, {a.text}, {mixer.number(a.type)})", a.certainty, a)


def _cast(mixer: Mixer, a: Term) -> Term:
    dtype = mixer.builder.element_type()
    if a.certainty is Certainty.ROUGH and not dtype.is_float:
        return a
    return mixer.computable(mixer.cast(a, dtype))


def _transcendental(mixer: Mixer, a: Term) -> Term:
    """Where the slope is small, so that errors do not grow."""
    if a.type.is_bool:
        return a
    text = mixer.chance.one_of(
        (
            "tl.sqrt(tl.abs({0}) + 1)",
            "tl.tanh({0})",
            "tl.exp(tl.clamp({0}, -2, 2))",
            "tl.log(tl.abs({0}) + 1)",
            "tl.erf({0})",
            "tl.sin({0})",
            "tl.cos({0})",
            "tl.pow(tl.abs({0}) + 1, 0.5)",
        )
    )
    source = a.text if a.type.is_float else f"tl.cast(tl.float32, {a.text})"
    return mixer.make(text.format(source), Certainty.ROUGH, a)


def _root(mixer: Mixer, a: Term) -> Term:
    """The square root, NaN below 0, which is rounded correctly: what follows sees NaNs."""
    if a.type.is_bool or not mixer.chance.flag(40):
        return a
    source = a.text if a.type.is_float else f"tl.cast(tl.float32, {a.text})"
    return mixer.make(f"tl.sqrt({source})", Certainty.EXACT, a)


def _whole(mixer: Mixer, a: Term) -> Term:
    return mixer.make(f"{mixer.chance.one_of(('tl.floor', 'tl.round'))}({a.text})", Certainty.EXACT, a)


def _wrapped(mixer: Mixer, a: Term) -> Term:
    """Integers made large, so that what follows wraps."""
    if not a.type.is_integer:
        return _absolute(mixer, a)
    return mixer.make(f"({a.text} * {int(a.type.maximum) // 3})", Certainty.EXACT, a)


_SMOOTH_UNARY: tuple[Change, ...] = (_with_number, _negated, _absolute, _at_edges, _with_coordinate, _cast, _with_param)
_ALL_UNARY: tuple[Change, ...] = (
    _with_number,
    _negated,
    _absolute,
    _at_edges,
    _with_coordinate,
    _cast,
    _transcendental,
    _whole,
    _wrapped,
    _root,
    _with_param,
)

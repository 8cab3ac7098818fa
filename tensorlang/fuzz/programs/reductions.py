"""Features with reductions: sums and extremes over axes and windows, products of matrices, several updates, inline."""

from __future__ import annotations

from tensorlang.dtypes import bfloat16, float16
from tensorlang.fuzz.programs.expressions import Mixer
from tensorlang.fuzz.programs.frame import Frame
from tensorlang.fuzz.programs.model import Builder, Certainty, Side, Term, Value, type_text
from tensorlang.fuzz.programs.pointwise import stored


def draw_reduction(builder: Builder) -> None:
    """A sum, product, extreme or bit operation over axes or windows of one value."""
    value = builder.source()
    kept = builder.chance.integer(0 if value.rank > 1 else 1, value.rank)
    frame = Frame(builder, max(kept, 1))
    frame.keeps_vars = True
    term = reduced_term(frame, value, kept)
    mixer = Mixer(frame)
    term = mixer.mix([term], changes=1)
    _accumulate(frame, mixer, term)


def reduced_term(frame: Frame, value: Value, kept: int) -> Term:
    """`value` with its first `kept` dimensions at the Vars, windows of them included, and the others at RVars.

    There is an RVar in it: the last dimension has a window, if need be.
    """
    chance, indices = frame.chance, []
    for position, side in enumerate(value.box):
        if position >= kept:
            (rvar,) = frame.domain(frame.part(side))
            indices.append(rvar if chance.flag(80) else _shifted(frame, rvar, side))
        elif chance.flag(45) or (position == value.rank - 1 and not frame.rvars):
            (rvar,) = frame.domain((0, chance.integer(1, min(4, frame.steps_left())) - 1))
            indices.append(frame.window_index(frame.vars[position], rvar, side))
        else:
            indices.append(frame.vars[position] if frame.narrow(frame.vars[position], *side) else str(max(side[0], 0)))
    return frame.element(value, indices)


def _shifted(frame: Frame, rvar: str, side: Side) -> str:
    return f"tl.clamp({frame.offset(rvar, frame.chance.integer(-1, 1))}, {side[0]}, {side[1]})"


def _accumulate(frame: Frame, mixer: Mixer, term: Term) -> Value:
    """Define a Func that combines `term` over the domain, by an operator that its type has."""
    chance, builder = frame.chance, frame.builder
    if chance.flag(12):
        return _accumulate_narrow(frame, mixer, term)
    name = frame.declare("s")
    place = f"{name}[{frame.point}]"
    if term.type.is_bool:
        builder.say(f"{place} = {chance.one_of(('False', 'True'))}")
        builder.say(f"{place} = {place} {chance.one_of('&|')} {term.text}")
        return frame.finish(name, Term(place, term.type, Certainty.EXACT, term.is_constant))
    kind = chance.weighted([("+=", 4), ("tl.max", 2), ("tl.min", 2), ("-=", 1), ("*=", 2), ("bits", 1)])
    if kind == "bits" and not term.type.is_integer:
        kind = "tl.max"
    if kind in ("tl.max", "tl.min", "*=") and chance.flag(40):
        term = _away_from_zero(mixer, term, "-" if kind == "tl.max" else "")
    text = term.text
    if kind in ("tl.max", "tl.min"):
        far = f"tl.cast(tl.{type_text(term.type)}, {'-100' if kind == 'tl.max' else '100'})"
        builder.say(f"{place} = {far if chance.flag(50) else _literal(mixer, term)}")
        builder.say(f"{place} = {kind}({place}, {text})")
        return frame.finish(name, Term(place, term.type, term.certainty, term.is_constant))
    if kind == "bits":
        builder.say(f"{place} = {_literal(mixer, term)}")
        builder.say(f"{place} = {place} {chance.one_of('&|^')} {text}")
    else:
        if chance.flag(25):
            builder.say(f"{place} = {_literal(mixer, term)}")
        builder.say(f"{place} {kind} {text}")
    return frame.finish(name, Term(place, term.type, Certainty.ROUGH, term.is_constant))


def _away_from_zero(mixer: Mixer, term: Term, sign: str) -> Term:
    """Positive or negative terms, so that an extreme or a product of them shows it if a 0 comes in between."""
    certainty = Certainty.EXACT if term.certainty is Certainty.EXACT else Certainty.ROUGH
    return mixer.make(f"({sign}(tl.abs({term.text}) + 1))", certainty, term)


def _accumulate_narrow(frame: Frame, mixer: Mixer, term: Term) -> Value:
    """A sum kept in a 16-bit float, widened and narrowed around every step.

    No two terms cancel: where nothing but rounding is left of a sum, every order has an answer of its own.
    """
    if term.type.is_bool:
        term = mixer.cast(term, mixer.builder.type_of("tl.cast(tl.float32, i)"))
    dtype = frame.chance.one_of((float16, bfloat16))
    name = frame.declare("s", type_text(dtype))
    place = f"{name}[{frame.point}]"
    frame.builder.say(f"{place} = 0.0")
    sum_text = f"tl.cast(tl.float32, {place}) + tl.abs(tl.cast(tl.float32, {term.text}))"
    frame.builder.say(f"{place} = tl.cast(tl.{type_text(dtype)}, {sum_text})")
    return frame.finish(name, Term(place, dtype, Certainty.ROUGH, term.is_constant))


def _literal(mixer: Mixer, term: Term) -> str:
    """A first value in the type of `term`."""
    return f"tl.cast(tl.{type_text(term.type)}, {mixer.number(term.type)})"


def draw_matmul(builder: Builder) -> None:
    """A product of matrices; the left one may have more dimensions, of which those in between stand at constants."""
    chance = builder.chance
    left = builder.source(2)
    frame = Frame(builder, min(left.rank, 3))
    frame.keeps_vars = True
    (r,) = frame.domain(frame.part(left.box[-1]))
    low, high = frame.rvars[r]
    a = frame.element(left, [*_first(frame, left, left.rank - 1), r])
    kind = chance.one_of((left.type, builder.element_type()))
    right = builder.input((high + 1 + chance.integer(0, 2), builder.extent()), kind, is_constant=chance.flag(30))
    (column,) = [frame.vars[-1]] if frame.narrow(frame.vars[-1], *right.box[1]) else ["0"]
    b = frame.element(right, [r if low >= 0 else f"tl.clamp({r}, 0, {high})", column])
    mixer = Mixer(frame)
    a, b = mixer.computable(a), mixer.computable(b)
    if a.type.is_bool and b.type.is_bool:
        a = mixer.cast(a, builder.type_of("i"))
    term = mixer.make(f"{a.text} * {b.text}", Certainty.PRODUCT, a, b)
    name = frame.declare("m")
    builder.say(f"{name}[{frame.point}] += {term.text}")
    frame.finish(name, Term(name, term.type, Certainty.ROUGH, term.is_constant))


def _first(frame: Frame, value: Value, count: int) -> list[str]:
    """Indices of the first `count` dimensions: Vars, then constants."""
    indices = frame.plain(value.box[: min(count, len(frame.vars))])
    return indices + [str(max(low, 0)) for low, _ in value.box[len(indices) : count]]


def draw_updates(builder: Builder) -> None:
    """A Func with several updates: of all points, of a row, and over a domain."""
    chance = builder.chance
    value = builder.source()
    frame = Frame(builder, value.rank)
    mixer = Mixer(frame)
    start = mixer.mix([frame.read(value)], changes=1)
    if start.type.is_bool:
        start = mixer.cast(start, builder.type_of("i"))
    name = frame.declare("u")
    builder.say(f"{name}[{frame.point}] = {start.text}")
    certainty = start.certainty
    for _ in range(chance.integer(1, 3)):
        certainty = max(certainty, _one_update(frame, mixer, name, start.type))
    frame.finish(
        name, Term(name, start.type, certainty if start.type.is_float else Certainty.EXACT, False), is_whole=True
    )


def _one_update(frame: Frame, mixer: Mixer, name: str, dtype: object) -> Certainty:
    chance, builder = frame.chance, frame.builder
    place = f"{name}[{frame.point}]"
    kind = builder.scope[name].type
    if chance.flag(40):
        # A single row: the first Var stands at a constant.
        place = f"{name}[{', '.join(['0', *frame.vars[1:]])}]"
        text = f"{place} + {mixer.number(kind)}"
        if chance.flag(50) and len(frame.vars) > 1:
            text = f"{place} + tl.cast(tl.{type_text(kind)}, {frame.vars[-1]})"
        builder.say(f"{place} = {text}")
        return Certainty.ROUGH
    if chance.flag(50):
        (r,) = frame.domain(frame.window(4)) if frame.steps_left() > 4 else (next(iter(frame.rvars)),)
        builder.say(f"{place} += tl.cast(tl.{type_text(kind)}, {r})")
        return Certainty.ROUGH
    builder.say(f"{place} = {place} * {mixer.number(kind)}")
    return Certainty.PRODUCT


def draw_inline_reduction(builder: Builder) -> None:
    """A sum, product or extreme written inside an expression."""
    chance = builder.chance
    value = builder.source()
    kept = max(1, value.rank - 1)
    frame = Frame(builder, kept)
    term = reduced_term(frame, value, kept)
    mixer = Mixer(frame)
    term = mixer.computable(term)
    used = [name for name in frame.rvars if name in term.text]
    if not used:
        term = mixer.make(
            f"({term.text} + tl.cast(tl.{type_text(term.type)}, {next(iter(frame.rvars))}))"
            if not term.type.is_bool
            else f"({term.text} & ({next(iter(frame.rvars))} > 0))",
            Certainty.ROUGH,
            term,
        )
    call = chance.one_of(("sum", "maximum", "minimum", "product"))
    if term.type.is_bool and call in ("maximum", "minimum"):
        call = "sum"
    certainty = term.certainty if call in ("maximum", "minimum") else Certainty.ROUGH
    reduced = mixer.make(f"tl.{call}({term.text})", certainty, term)
    frame.rvars.clear()
    result = mixer.mix([reduced], changes=1)
    frame.define(stored(mixer, result))

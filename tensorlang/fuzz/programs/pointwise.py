"""Features without reductions: element-wise code, stencils, gathers, boundary conditions, tables of constants."""

from __future__ import annotations

from tensorlang.dtypes import bfloat16, float16, float32, float64, int32, int64
from tensorlang.fuzz.programs.expressions import Mixer
from tensorlang.fuzz.programs.frame import Frame
from tensorlang.fuzz.programs.model import Box, Builder, Certainty, Term, Value, type_text


def draw_elementwise(builder: Builder) -> None:
    """A Func of one to three values, each read at plain, shifted, strided, mirrored or broadcast indices."""
    values = [builder.source() for _ in range(builder.chance.integer(1, 3))]
    frame = Frame(builder, max(value.rank for value in values))
    mixer = Mixer(frame)
    term = mixer.mix([frame.read(value) for value in values])
    frame.define(stored(mixer, term))


def draw_stencil(builder: Builder) -> None:
    """A Func that reads one value at several offsets, and another at the point itself."""
    value = builder.source()
    frame = Frame(builder, value.rank)
    mixer = Mixer(frame)
    terms = [frame.read(value) for _ in range(builder.chance.integer(2, 4))]
    if builder.chance.flag(40):
        terms.append(frame.read(builder.source(), is_plain=True))
    frame.define(stored(mixer, mixer.mix(terms, changes=1)))


def draw_params(builder: Builder) -> None:
    """A Func that Params move, scale and choose for."""
    value = builder.source()
    frame = Frame(builder, value.rank)
    mixer = Mixer(frame)
    low, high = value.box[-1]
    plain = frame.plain(value.box[:-1])
    last = frame.vars[-1]
    limit = builder.chance.integer(1, 3)
    moved = frame.narrow(last, low, high - limit)
    indices = [*plain, f"{last} + {builder.param(int64, 0, limit)}" if moved else f"tl.clamp({last}, {low}, {high})"]
    term = mixer.computable(frame.element(value, indices))
    n = builder.param(int32, builder.chance.integer(-2, 0), builder.chance.integer(1, 4))
    other = mixer.change(term)
    text = f"tl.select({last} {builder.chance.one_of(('<', '>=', '!='))} {n}, {term.text}, {other.text})"
    frame.define(stored(mixer, mixer.make(text, max(term.certainty, other.certainty), term, other)))


def draw_gather(builder: Builder) -> None:
    """A Func that reads one value at places that others hold."""
    indices = [builder.source()]
    frame = Frame(builder, indices[0].rank)
    mixer = Mixer(frame)
    table = builder.source(is_new=builder.chance.flag(50))
    places: list[Term] = []
    for _ in table.box:
        place = mixer.computable(frame.read(indices[0]))
        # Only what is the same under every schedule may say where to read.
        is_usable = place.certainty is not Certainty.ROUGH and not place.type.is_bool
        places.append(place if is_usable else Term(mixer.coordinate(), builder.type_of("i")))
    frame.define(stored(mixer, mixer.mix([frame.gather(table, places)], changes=1)))


def draw_boundary(builder: Builder) -> None:
    """A boundary condition around an Input or a Func, read outside of it from then on."""
    value = builder.source()
    if value.element:
        # Boundary conditions are for Funcs of one value.
        draw_elementwise(builder)
        return
    kind = builder.chance.one_of(
        ("constant_exterior", "repeat_edge", "repeat_image", "mirror_image", "mirror_interior")
    )
    name = builder.name("b")
    names = " ".join(("i", "j", "k", "l")[: value.rank])
    pads = tuple(builder.chance.integer(0, 2) for _ in value.box)
    arguments = [value.name]
    if kind == "constant_exterior":
        arguments.append("True" if value.type.is_bool else "0.5" if value.type.is_float else "3")
    arguments.append(f"pad={pads}")
    if not value.is_input:
        arguments.append(f"bounds={[(low, high - low + 1) for low, high in value.box]}")
    arguments += [f'vars="{names}"', f'name="{name}"']
    builder.mark_read(value)
    builder.say(f"{name} = tl.{kind}({', '.join(arguments)})")
    box: Box = tuple(
        (low, high) if pad == 0 else (min(low, 0) - 2, high + 2 * pad)
        for (low, high), pad in zip(value.box, pads, strict=True)
    )
    builder.add(Value(name, builder.scope[name].type, box, value.certainty, value.is_constant))


def draw_constant_table(builder: Builder) -> None:
    """A Func of constant Inputs alone, which may be computed at initialisation, and one that reads it."""
    rank = builder.chance.integer(1, 2)
    weights = builder.input(builder.shape(rank), builder.element_type(), is_constant=True)
    inner = Frame(builder, rank)
    mixer = Mixer(inner)
    table = inner.define(stored(mixer, mixer.mix([inner.read(weights)])), prefix="t")
    frame = Frame(builder, max(rank, 2))
    mixer = Mixer(frame)
    other = builder.source()
    frame.define(stored(mixer, mixer.mix([frame.read(table), frame.read(other)], changes=1)))


def draw_narrow(builder: Builder) -> None:
    """A Func stored in a 16-bit float, widened where it is read."""
    value = builder.source()
    frame = Frame(builder, value.rank)
    mixer = Mixer(frame)
    term = mixer.mix([frame.read(value)], changes=1)
    frame.define(mixer.cast(term, builder.chance.one_of((float16, bfloat16))))


def draw_product(builder: Builder) -> None:
    """A product of floats, and a sum that has it for a term: each rounds by itself, wherever it is computed."""
    chance = builder.chance
    dtype = chance.one_of((float32, float64))
    value = builder.input(builder.shape(chance.integer(1, 2)), dtype)
    inner = Frame(builder, value.rank)
    a, b = inner.read(value, is_plain=True), inner.read(value)
    product = inner.define(Term(f"{a.text} * {b.text}", dtype, Certainty.PRODUCT), prefix="q")
    frame = Frame(builder, value.rank)
    a, b = frame.read(product), frame.read(value)
    frame.define(Term(f"({a.text} {chance.one_of('+-')} {b.text})", dtype))


def draw_siblings(builder: Builder) -> None:
    """Two Funcs of the same value that do not depend on each other, and mostly one that reads both."""
    value = builder.source()
    made = []
    for _ in range(2):
        frame = Frame(builder, value.rank)
        mixer = Mixer(frame)
        made.append(frame.define(stored(mixer, mixer.mix([frame.read(value)], changes=1)), prefix="s"))
    if builder.chance.flag(60):
        frame = Frame(builder, value.rank)
        mixer = Mixer(frame)
        frame.define(mixer.mix([frame.read(item) for item in made], changes=1))


def draw_ramp(builder: Builder) -> None:
    """A Func of its coordinates alone."""
    frame = Frame(builder, builder.chance.integer(1, 3))
    mixer = Mixer(frame)
    dtype = builder.element_type()
    terms = [Term(name, builder.type_of(name), Certainty.EXACT, True) for name in frame.vars]
    term = mixer.mix(terms, changes=1)
    if not dtype.is_storage_only:
        term = mixer.cast(term, dtype)
    frame.define(stored(mixer, term))


def stored(mixer: Mixer, term: Term) -> Term:
    """`term`, sometimes in another type that holds it."""
    chance = mixer.chance
    if not chance.flag(25):
        return term
    dtype = mixer.builder.element_type()
    if term.certainty is Certainty.ROUGH and not dtype.is_float:
        return term
    return Term(f"tl.cast(tl.{type_text(dtype)}, {term.text})", dtype, term.certainty, term.is_constant)

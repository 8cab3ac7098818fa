"""Features whose updates depend on order or on places that are not the point itself: scans, scatters, histograms."""

from __future__ import annotations

from tensorlang.fuzz.programs.expressions import Mixer
from tensorlang.fuzz.programs.frame import Frame
from tensorlang.fuzz.programs.model import PERMUTED, Builder, Certainty, Term, type_text


def draw_scan(builder: Builder) -> None:
    """A running sum or maximum along one dimension."""
    chance = builder.chance
    value = builder.source()
    frame = Frame(builder, value.rank)
    mixer = Mixer(frame)
    axis = chance.integer(0, value.rank - 1)
    start = mixer.computable(frame.read(value, is_plain=True))
    if start.type.is_bool:
        start = mixer.cast(start, builder.type_of("i"))
    low, high = value.box[axis]
    if high < 1:
        frame.define(start)
        return
    name = frame.declare("c")
    builder.say(f"{name}[{frame.point}] = {start.text}")
    (r,) = frame.domain((1, min(high, 20)))
    here = _with(frame, axis, r)
    before = _with(frame, axis, f"{r} - 1" if chance.flag(80) else f"tl.max({r} - 2, 0)")
    step = f"{name}[{before}]"
    operator = chance.one_of(("+", "-", "tl.max"))
    text = f"tl.max({name}[{here}], {step})" if operator == "tl.max" else f"{name}[{here}] {operator} {step}"
    builder.say(f"{name}[{here}] = {text}")
    certainty = max(start.certainty, Certainty.EXACT if operator == "tl.max" else Certainty.ROUGH)
    frame.finish(
        name,
        Term(name, start.type, certainty, start.is_constant),
        is_whole=True,
    )


def _with(frame: Frame, axis: int, text: str) -> str:
    """The point with one Var replaced."""
    return ", ".join(text if position == axis else var for position, var in enumerate(frame.vars))


def draw_scatter(builder: Builder) -> None:
    """An update at places that are affine in an RVar, so that no two of its iterations meet."""
    chance = builder.chance
    value = builder.source()
    frame = Frame(builder, value.rank)
    mixer = Mixer(frame)
    start = mixer.computable(frame.read(value, is_plain=True))
    name = frame.declare("a")
    builder.say(f"{name}[{frame.point}] = {start.text}")
    low, high = value.box[-1]
    stride = chance.integer(1, 3)
    count = max(1, min(high // stride, 12))
    (r,) = frame.domain((0, count - 1))
    target = frame.offset(
        r if stride == 1 else f"{r} * {stride}", chance.integer(0, max(0, high - (count - 1) * stride))
    )
    place = f"{name}[{_with(frame, len(frame.vars) - 1, target)}]"
    source = mixer.computable(frame.element(value, [*frame.plain(value.box[:-1]), f"tl.clamp({r}, {low}, {high})"]))
    operation = chance.one_of(("=", "+", "max"))
    certainty = max(start.certainty, source.certainty)
    if operation == "=" or start.type.is_bool:
        builder.say(f"{place} = {source.text}")
    elif operation == "+":
        builder.say(f"{place} = {place} + {source.text}")
        certainty = Certainty.ROUGH
    else:
        builder.say(f"{place} = tl.max({place}, {source.text})")
    frame.finish(name, Term(name, start.type, certainty), is_whole=True)


def draw_permutation(builder: Builder) -> None:
    """An update that visits every place once, in an order that no proof of freedom from races knows."""
    chance = builder.chance
    value = builder.source()
    frame = Frame(builder, value.rank)
    extent = chance.one_of((5, 7, 3, 11, 13))
    frame.narrow(frame.vars[-1], 0, extent - 1)
    mixer = Mixer(frame)
    low, high = value.box[-1]
    (r,) = frame.domain((0, extent - 1))
    source = mixer.computable(frame.element(value, [*frame.plain(value.box[:-1]), f"tl.clamp({r}, {low}, {high})"]))
    name = frame.declare(PERMUTED)
    builder.say(f"{name}[{frame.point}] = tl.cast(tl.{type_text(source.type)}, 0)")
    place = f"({r} * {chance.integer(2, extent - 1)} + {chance.integer(0, 4)}) % {extent}"
    builder.say(f"{name}[{_with(frame, len(frame.vars) - 1, place)}] = {source.text}")
    frame.finish(name, Term(name, source.type, source.certainty), is_whole=True)


def draw_histogram(builder: Builder) -> None:
    """Counts of places that data names."""
    chance = builder.chance
    value = builder.source()
    frame = Frame(builder, chance.integer(1, 2))
    last = frame.vars[-1]
    extent = builder.extent()
    frame.narrow(last, 0, extent - 1)
    mixer = Mixer(frame)
    names = [frame.domain(frame.part(side))[0] for side in value.box]
    index = mixer.computable(frame.element(value, names))
    if index.certainty is Certainty.ROUGH or index.type.is_bool:
        index = Term(names[0], builder.type_of(names[0]))
    name = frame.declare("h")
    dtype = chance.one_of(("int32", "int64", "uint8", "float32"))
    builder.say(f"{name}[{frame.point}] = tl.cast(tl.{dtype}, 0)")
    target = f"tl.clamp(tl.cast(tl.int64, {index.text}), 0, {extent - 1})"
    place = f"{name}[{', '.join([*frame.vars[:-1], target])}]"
    weight = f"tl.cast(tl.{dtype}, {chance.one_of(('1', names[-1]))})"
    builder.say(f"{place} += {weight}")
    kind = builder.type_of(f"tl.cast(tl.{dtype}, 0)")
    frame.finish(name, Term(name, kind, Certainty.EXACT, value.is_constant), is_whole=True)

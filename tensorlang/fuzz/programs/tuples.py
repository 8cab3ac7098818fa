"""Features of several values at a point: Funcs of tuples under updates, and the place of an extreme."""

from __future__ import annotations

from tensorlang.fuzz.programs.expressions import Mixer
from tensorlang.fuzz.programs.frame import Frame
from tensorlang.fuzz.programs.model import Builder, Certainty, Term, Value, type_text
from tensorlang.fuzz.programs.reductions import reduced_term


def draw_tuple(builder: Builder) -> None:
    """A Func of two or three values, with updates that take one or all of them."""
    chance = builder.chance
    values = [builder.source() for _ in range(chance.integer(2, 3))]
    frame = Frame(builder, max(value.rank for value in values))
    mixer = Mixer(frame)
    terms = [_numeric(mixer, mixer.mix([frame.read(value)], changes=1)) for value in values]
    name = frame.declare("t")
    builder.say(f"{name}[{frame.point}] = ({', '.join(term.text for term in terms)})")
    certainty = [term.certainty for term in terms]
    for _ in range(chance.integer(0, 2)):
        _update(frame, mixer, name, terms, certainty)
    box = frame.box()
    for number, term in enumerate(terms):
        certain = certainty[number] if term.type.is_float else Certainty.EXACT
        kept = Certainty.EXACT if certain is Certainty.PRODUCT else certain
        builder.add(Value(name, term.type, box, kept, is_whole=True, element=f"[{number}]"))


def _numeric(mixer: Mixer, term: Term) -> Term:
    term = mixer.computable(term)
    return mixer.cast(term, mixer.builder.type_of("i")) if term.type.is_bool else term


def _update(frame: Frame, mixer: Mixer, name: str, terms: list[Term], certainty: list[Certainty]) -> None:
    """One update: of an element, of all of them over a domain, or one that lets equal types trade places."""
    chance, place = frame.chance, f"{name}[{frame.point}]"
    kinds = [f"tl.{type_text(term.type)}" for term in terms]
    which = chance.integer(0, len(terms) - 1)
    way = chance.one_of(("element", "all", "trade"))
    if way == "trade" and terms[0].type == terms[-1].type:
        order = [len(terms) - 1, *range(1, len(terms) - 1), 0]
        frame.builder.say(f"{place} = ({', '.join(f'{place}[{n}]' for n in order)})")
        certainty[0] = certainty[-1] = max(certainty[0], certainty[-1])
        return
    (r,) = frame.domain(frame.window(4)) if frame.steps_left() > 4 else (next(iter(frame.rvars)),)
    if way == "all":
        frame.builder.say(
            f"{place} = ({', '.join(f'{place}[{n}] + tl.cast({kind}, {r} + {n})' for n, kind in enumerate(kinds))})"
        )
        certainty[:] = [Certainty.ROUGH] * len(terms)
        return
    frame.builder.say(f"{place}[{which}] = {place}[{which}] + tl.cast({kinds[which]}, {r})")
    certainty[which] = Certainty.ROUGH


def draw_place(builder: Builder) -> None:
    """Where a value is largest or smallest over a domain, and that value."""
    value = builder.source()
    frame = Frame(builder, max(1, value.rank - 1))
    term = _numeric(Mixer(frame), reduced_term(frame, value, len(frame.vars)))
    if term.certainty is not Certainty.EXACT:
        # Where two values are almost the same, which is larger depends on the schedule.
        r = next(iter(frame.rvars))
        term = Term(f"({r} * 3) % 5", builder.type_of(r))
    name = frame.declare("a")
    builder.say(f"{name}[{frame.point}] = tl.{builder.chance.one_of(('argmax', 'argmin'))}({term.text})")
    box = frame.box()
    for number, kind in enumerate(builder.scope[name].types):
        builder.add(Value(name, kind, box, Certainty.EXACT, element=f"[{number}]"))

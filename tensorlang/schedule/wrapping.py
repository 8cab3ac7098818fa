"""The directive that puts a copy between a producer and one of its consumers: in_."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef, InputDef
from tensorlang.ir.expr import Call, Expr, Variable
from tensorlang.ir.visitor import rewrite
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import FuncName, NewStage
from tensorlang.schedule.plan import Plan, begin_func
from tensorlang.schedule.reads import calls, reads_of
from tensorlang.schedule.rules import Family, refuse, rule


@dataclass(frozen=True, slots=True)
class In(Directive):
    """Make a Func that copies a producer, and have one consumer read the copy: to pack it, or to keep a tile near.

    The new Func is this directive's stage. Its Vars are those of the producer; where the producer is an Input, a
    dimension is named after the Var or RVar that indexes it in the consumer, and ``d0, d1, ...`` by its position where
    that is not one plain name.

    Parameters
    ----------
    producer : Func, Input or str
        What to copy.
    consumer : Func or str
        The Func, all definitions of it, that reads the copy instead.

    Raises
    ------
    ScheduleError
        If the consumer does not read the producer, or the name is taken; once all directives are known, if the copy is
        not placed by compute_root, compute_at or compute_at_init.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, (i, j) = tl.Input("x", (8, 4), tl.float32), tl.vars("i j")
    >>> f = tl.Func("f")
    >>> f[i, j] = x[j, i]
    >>> print(tl.loop_nest(f))
    for i in 0..4:
      for j in 0..8:
        f[i, j] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s.in_(x, f, "copy").compute_root()
    >>> print(tl.loop_nest(f, s))
    store copy[8, 4] in heap:
      for j in 0..8:
        for i in 0..4:
          copy[j, i] = ...
      for i in 0..4:
        for j in 0..8:
          f[i, j] = ...
    """

    call: ClassVar[str] = "in_"
    stage: NewStage
    producer: FuncName
    consumer: FuncName

    @property
    def is_opening(self) -> bool:
        return True

    def method_text(self, quote_stages: bool) -> str:
        return f'in_({self.arguments(quote_stages)}, "{self.stage}")'

    @property
    def asked(self) -> str:
        return f"s.{self.method_text(quote_stages=False)}"

    def apply(self, plan: Plan) -> Plan:
        consumer, producer = self._find(plan.algorithm)
        wrapper = _wrapper(self.stage.func, producer, consumer)
        reader = _redirected(consumer, producer.name, wrapper.name)
        position = plan.algorithm.funcs.index(consumer)
        funcs = (*plan.algorithm.funcs[:position], wrapper, reader, *plan.algorithm.funcs[position + 1 :])
        func, stages = begin_func(wrapper)
        changed = {
            name: stage.with_definition(reader.definitions[name.update])
            for name, stage in plan.stages.items()
            if name.func == reader.name
        }
        return Plan(
            replace(plan.algorithm, funcs=funcs),
            stages={**plan.stages, **changed, **{stage.name: stage for stage in stages}},
            funcs={**plan.funcs, func.name: replace(func, wrapped_by=self)},
        )

    def _find(self, algorithm: Algorithm) -> tuple[FuncDef, FuncDef | InputDef]:
        """The consumer and the producer, checked."""
        funcs = {func.name: func for func in algorithm.funcs}
        known: dict[str, FuncDef | InputDef] = {**{item.name: item for item in algorithm.inputs}, **funcs}
        refuse(check_name_of_copy_is_new(self, known), check_copy_is_for_a_func(self, funcs))
        consumer = funcs[self.consumer]
        refuse(check_copied_is_read(self, consumer))
        return consumer, known[self.producer]


@rule(Family.NAMES)
def check_name_of_copy_is_new(call: In, known: Iterable[str]) -> ScheduleError | None:
    """The copy takes a name that no Func or Input has."""
    if call.stage.func not in known:
        return None
    return call.error(f"the name {call.stage} is already used.", legal=f"names other than {', '.join(sorted(known))}")


@rule(Family.NAMES)
def check_copy_is_for_a_func(call: In, funcs: Iterable[str]) -> ScheduleError | None:
    """The consumer is a Func of the algorithm."""
    if call.consumer in funcs:
        return None
    return call.error(f"there is no Func {call.consumer}.", legal=f"Funcs: {', '.join(funcs)}")


@rule(Family.EFFECT)
def check_copied_is_read(call: In, consumer: FuncDef) -> ScheduleError | None:
    """in_ takes a Func or an Input that the consumer reads directly."""
    if call.producer in reads_of(consumer):
        return None
    return call.error(
        f"{call.consumer} does not read {call.producer}.",
        legal=f"{call.consumer} reads {', '.join(sorted(reads_of(consumer))) or 'nothing'}",
    )


def _wrapper(name: str, producer: FuncDef | InputDef, consumer: FuncDef) -> FuncDef:
    names = producer.vars if isinstance(producer, FuncDef) else _dimension_names(producer, consumer)
    coordinates: tuple[Expr, ...] = tuple(Variable(var) for var in names)
    return FuncDef(name, names, producer.types, Definition(coordinates, producer.calls(coordinates)))


def _dimension_names(producer: InputDef, consumer: FuncDef) -> tuple[str, ...]:
    reads = [call for definition in consumer.definitions for call in calls(definition, producer.name)]
    names: list[str] = []
    for d in range(len(producer.shape)):
        indices = {read.args[d] for read in reads}
        index = indices.pop()
        name = index.name if isinstance(index, Variable) and not indices else f"d{d}"
        while name in names:
            name = f"d{d}" if not name.startswith(f"d{d}") else f"{name}_"
        names.append(name)
    return tuple(names)


def _redirected(consumer: FuncDef, old: str, new: str) -> FuncDef:
    def redirect(node: Expr) -> Expr:
        return replace(node, name=new) if isinstance(node, Call) and node.name == old else node

    def change(definition: Definition) -> Definition:
        return definition.map_exprs(lambda expr: rewrite(expr, redirect))

    return replace(consumer, pure=change(consumer.pure), updates=tuple(map(change, consumer.updates)))

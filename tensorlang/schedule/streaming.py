"""The directive about how a stage stores, past the caches, and what it asks of the stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import LoopKind, Memory
from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.nest import StagePlan
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.rules import Family, refuse, rule


@dataclass(frozen=True, slots=True)
class StreamStores(Directive):
    """Store the vectors of a stage past the caches, by non-temporal stores.

    An ordinary store first reads the cache line that it writes to, and puts other lines out of the caches. A stage that
    writes more than the caches hold, which nothing reads soon, moves a third to a half less to and from memory with
    this; one whose values are read again soon is slower, as they come back from memory.

    Raises
    ------
    ScheduleError
        If it was said before; once all directives are known, if no loop of the stage is vectorized, its update is
        atomic, or the Func is inlined, in registers or on the stack; when the loop nest is built, if the lanes of a
        vector are not next to each other in memory, or are no whole number of 16 bytes.

    Notes
    -----
    What is stored, and when others see it, is the same with it and without: processors that order such stores less than
    others get a fence at the end of each parallel task and of the kernel. A vector under the mask of a tail is stored
    as always. Where an array starts is known when the kernel is called: vectors at multiples of their size (of 64 bytes
    for larger ones) go past the caches, others are stored as always, because tiles that share a cache line would each
    write a part of it to memory. Arrays that kernels make start at multiples of 64 bytes, as those of
    `tensorlang.runtime.empty_aligned` do; `numpy.empty` promises 16.

    References
    ----------
    LLVM's ``!nontemporal``, OpenMP's ``nontemporal`` clause; ``MOVNTPS`` of x86.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, i, f = tl.Input("x", (1 << 25,), tl.float32), tl.Var("i"), tl.Func("f")
    >>> f[i] = x[i] * 2
    >>> s = tl.Schedule(f)
    >>> _ = s[f].vectorize("i", 16)
    >>> print(tl.loop_nest(f, s))
    for i in 0..2097152:
      vectorized i.lane in 0..16:
        f[i * 16 + i.lane] = ...
    >>> _ = s[f].stream_stores()
    >>> print(tl.loop_nest(f, s))
    for i in 0..2097152:
      vectorized i.lane in 0..16:
        stream f[i * 16 + i.lane] = ...
    """

    call: ClassVar[str] = "stream_stores"
    is_for_cases: ClassVar[bool] = True

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_streams_once(self, stage))
        return plan.with_nest(self, replace(stage, streamed_by=self))


def stream_problems(func: FuncPlan, nest: StagePlan) -> Iterator[ScheduleError]:
    """The errors of a nest that streams its stores, once all directives are known."""
    call = nest.streamed_by
    if call is None:
        return
    found = (
        check_streamed_is_in_memory(call, func),
        check_streamed_has_lanes(call, nest),
        check_streams_alone(call, nest),
    )
    yield from (problem for problem in found if problem is not None)


@rule(Family.STORAGE)
def check_streams_once(call: Call, nest: StagePlan) -> ScheduleError | None:
    """The stores of a stage are said to be streamed once."""
    if nest.streamed_by is None:
        return None
    return call.error(f"the stores of {nest.name.as_written} are streamed already.", hint="say it once")


@rule(Family.STORAGE)
def check_streamed_is_in_memory(call: Call, func: FuncPlan) -> ScheduleError | None:
    """What is streamed goes to memory: to an output, or to the heap."""
    if func.stored_by is None or func.memory is Memory.HEAP:
        return None
    stored_by = func.stored_by.asked
    return call.error(f"{func.name} is stored in {func.memory}, by {stored_by}.", hint=f"leave out {stored_by}")


@rule(Family.STORAGE)
def check_streamed_has_lanes(call: Call, nest: StagePlan) -> ScheduleError | None:
    """Vectors are streamed, not single elements."""
    if any(loop.kind is LoopKind.VECTORIZED for loop in nest.loops):
        return None
    return call.error(
        f"no loop of {nest.name.as_written} is vectorized.", legal=f"vectorize a loop of: {nest.loop_names}"
    )


@rule(Family.STORAGE)
def check_streams_alone(call: Call, nest: StagePlan) -> ScheduleError | None:
    """An atomic update changes what is there, in the caches, and does not stream."""
    if nest.atomic_by is None:
        return None
    return call.error(f"{nest.name.as_written} is atomic, by {nest.atomic_by.asked}.", hint="leave one of them out")

"""Softmax and layer normalisation: a block of rows at a time, each reduction and each map in vectors along the row.

* A row is read several times (for its extreme or mean, for its sums, for the output), from the first- or second-level
  cache but for the first time, since all passes over `block` rows follow each other. Short rows are taken in blocks, so
  that the end of one reduction, which is a chain of dependent operations, overlaps with the next.
* Sums and maxima are gathered in `chains` vectors apart from each other, so that one operation need not wait for the
  last, and combined into one number after the row. So a sum of n terms is rounded like one of n / (lanes * chains).
* Rows are dealt to threads. With fewer rows than threads one row stays on one thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from schedules.families.tiles import guard_tail, lanes_for, slide_tail, steps, up_to
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.codegen.target import Target
from tensorlang.errors import TuningError
from tensorlang.nn import Layer, LayerNorm, Softmax, Workload
from tensorlang.schedule import Schedule

_BLOCKS = (1, 2, 4, 8)
_CHAINS = (1, 2, 4, 8)
_UNROLL = (1, 2, 4)
_FEW_VECTORS = 16  # in a row that is over before its reduction is
_GOOD_CHAINS = 4  # more gain nothing measurable where a vector of 512 bits takes both units, and make twice the code
_TASKS = 4  # for each thread, so that none waits long for another
_LEAST_STEPS = 4  # of each chain, so that combining them is not most of the work


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    block: int
    chains: int
    unroll: int

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types


class RowsFamily:
    """Schedules of `nn.softmax` and `nn.layer_norm`; see the module for the reasoning."""

    name = "rows"

    def accepts(self, workload: Workload) -> bool:
        return isinstance(workload, Softmax | LayerNorm)

    def space(self, workload: Workload, target: Target, threads: int) -> Space:
        work = _as_rows(workload)
        vectors = max(1, work.n // lanes_for(work, work.n, target))
        return Space(
            (
                Knob("block", up_to(work.rows, _BLOCKS)),
                Knob("chains", up_to(vectors, _CHAINS)),
                Knob("unroll", up_to(vectors, _UNROLL)),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        return True

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        work = _as_rows(workload)
        vectors = max(1, work.n // lanes_for(work, work.n, target))
        blocks = _BLOCKS if vectors <= _FEW_VECTORS else (1,)
        # An exponential is work enough in itself.
        unroll = (1,) if isinstance(work, Softmax) else _UNROLL
        return {
            "block": max(n for n in blocks if n == 1 or steps(work.rows, n) >= _TASKS * threads),
            "chains": max(n for n in _CHAINS if n == 1 or (n <= _GOOD_CHAINS and n * _LEAST_STEPS <= vectors)),
            "unroll": max(n for n in unroll if n == 1 or n * _LEAST_STEPS <= vectors),
        }

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        work, point = _as_rows(layer.workload), _Point.of(knobs)
        lanes = lanes_for(work, work.n, target)
        s = Schedule(layer.output)
        out = s["out"].split("i", "task", "i", point.block, slide_tail(work.rows, point.block))
        _vectorize(s, "out", 0, "j", work.n, lanes, point.unroll)
        if threads > 1:
            out.parallel("task")
        for name in layer.stages:
            if name != "out":
                s[name].compute_at("out", "task")
        for name in ("largest", "total") if isinstance(work, Softmax) else ("total", "squares"):
            s[name, 1].atomic()
            _vectorize(s, name, 1, "k", work.n, lanes, point.chains)
        if isinstance(work, Softmax):
            _vectorize(s, "power", 0, "j", work.n, lanes, point.unroll)
        return s


def _vectorize(s: Schedule, name: str, update: int, loop: str, n: int, lanes: int, copies: int) -> None:
    stage = s[name, update].vectorize(loop, lanes, guard_tail(n, lanes))
    if copies > 1:
        stage.unroll(loop, copies)


def _as_rows(workload: Workload) -> Softmax | LayerNorm:
    if not isinstance(workload, Softmax | LayerNorm):
        raise TuningError(f"the rows family does not schedule {workload}.")
    return workload

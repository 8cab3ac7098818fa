"""The ways in which one library can compute a layer, of which the fastest stands for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, sleep

from autotune.bench.case import Array
from autotune.bench.rounds import run_rounds
from autotune.bench.serve import OpenLayer
from autotune.bench.turn import take_turn

_PROBE_ROUNDS = 3

# One that takes so many times longer than the fastest has no turns, of many calls each, which might take minutes.
_HOPELESS = 4
_GLANCE_S = 0.02
_LONG_S = 1.0


@dataclass(frozen=True)
class Variant:
    """One way to compute a layer.

    Attributes
    ----------
    name : str
        As it is reported.
    call : callable
        Computes the layer once, into the same output each time.
    answer : callable
        The output of the last call, in our layout.
    """

    name: str
    call: Callable[[], object]
    answer: Callable[[], Array]

    def turn(self) -> float:
        """The least time of a call in one turn [s]."""
        return take_turn(self.call)


def keep_fastest(variants: Sequence[Variant], about: str, rest: Callable[[float], None] = sleep) -> OpenLayer:
    """Let `variants` take turns for a few rounds, and return the one with the least time as the layer.

    Those that are seen to be several times slower than another one have no turns.

    Parameters
    ----------
    variants : sequence
        At least one; a single one is not timed.
    about : str
        What is common to them, for the layer's detail.
    rest : callable
        Waits for so many seconds between turns.
    """
    if len(variants) == 1:
        return OpenLayer(variants[0].call, variants[0].answer, f"{about}, {variants[0].name}")
    glanced_s = [_glance(variant.call) for variant in variants]
    hopeful = [v for v, time_s in zip(variants, glanced_s, strict=True) if time_s <= _HOPELESS * min(glanced_s)]
    least_s = [min(samples) for samples in run_rounds(hopeful, _PROBE_ROUNDS, rest)]
    best = hopeful[least_s.index(min(least_s))]
    timed = dict(zip((v.name for v in variants), glanced_s, strict=True))
    timed |= zip((v.name for v in hopeful), least_s, strict=True)
    probed = ", ".join(f"{name} {1e3 * time_s:.3g} ms" for name, time_s in timed.items())
    return OpenLayer(best.call, best.answer, f"{about}, {best.name} (probed: {probed})")


def _glance(call: Callable[[], object]) -> float:
    """The least time of a few calls [s]; a single one where it takes long."""
    begun_s, least_s, calls = perf_counter(), float("inf"), 0
    while calls < 1 or perf_counter() - begun_s < (_GLANCE_S if calls > 1 else _LONG_S):
        start_s = perf_counter()
        call()
        least_s = min(least_s, perf_counter() - start_s)
        calls += 1
    return least_s

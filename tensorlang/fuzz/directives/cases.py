"""Draws specialize and specialize_fail."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.ir.algorithm import InputDef
from tensorlang.schedule.cases import Specialize, SpecializeFail
from tensorlang.schedule.conditions import parse_condition
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.stages import StageName

_MOST_CASES = 2


def _params(scene: Scene) -> list[tuple[InputDef, int, int]]:
    """The Params that a condition can be about, with their limits."""
    found = []
    for source in scene.plan.algorithm.inputs:
        scalar = source.scalar
        if scalar is not None and scalar.min is not None and scalar.max is not None and not source.type.is_bool:
            found.append((source, int(scalar.min), int(scalar.max)))
    return [item for item in found if item[1] < item[2]]


def _may_have_cases(scene: Scene, stage: StageName) -> bool:
    nest = scene.stage(stage)
    return not stage.case and nest.failure is None and nest.fused is None and len(nest.cases) < _MOST_CASES


def draw_specialize(scene: Scene, stage: StageName) -> Directive | None:
    """A case for some values of a Param."""
    params = _params(scene)
    if not params or not _may_have_cases(scene, stage):
        return None
    source, low, high = scene.chance.one_of(params)
    value = scene.chance.integer(low + 1, high)
    texts = [f"{source.name} {operator} {value}" for operator in ("==", ">=", "<", "!=")]
    if source.type.is_integer and high > low + 1:
        texts += [f"{source.name} % 2 == 0", f"{source.name} > {low} and {source.name} < {high}"]
    return Specialize(stage, parse_condition(scene.chance.one_of(texts)))


def draw_specialize_fail(scene: Scene, stage: StageName) -> Directive | None:
    """A refusal of all other calls, once there are cases for all values of a Param."""
    params = _params(scene)
    if not params or not _may_have_cases(scene, stage) or scene.stage(stage).cases:
        return None
    source, low, high = scene.chance.one_of(params)
    value = scene.chance.integer(low + 1, high)
    both = [Specialize(stage, parse_condition(f"{source.name} {operator} {value}")) for operator in ("<", ">=")]
    return SpecializeFail(stage, "no other value") if all(map(scene.give, both)) else None

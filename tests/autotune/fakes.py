"""A problem whose schedules are texts, and a measurer that computes their times."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from autotune.budget import Budget
from autotune.contest import Contest
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome, Phase
from autotune.networks import Network, NetworkLayer
from autotune.problem import LayerProblem
from autotune.results import Projection
from autotune.trials import Trial
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.errors import ScheduleError
from tensorlang.nn.workload import Gemm

SPACE = Space((Knob("tile", (1, 2, 4, 8, 16, 32)), Knob("unroll", (False, True)), Knob("order", ("mn", "nm"))))
DEFAULT: dict[str, KnobValue] = {"tile": 4, "unroll": False, "order": "mn"}


def make_layer(name: str, size: int = 64, count: int = 1) -> NetworkLayer:
    return NetworkLayer(name, Gemm(size, size, size), count)


def make_problem(
    layer: NetworkLayer,
    *,
    space: Space = SPACE,
    default: Knobs = DEFAULT,
    starts: tuple[Knobs, ...] = (),
    is_legal: Callable[[Knobs], bool] = lambda knobs: True,
    make_schedule: Callable[[Knobs], str] = json.dumps,
) -> LayerProblem:
    return LayerProblem(
        layer=layer,
        threads=1,
        family="gemm",
        space=space,
        default=default,
        starts=starts,
        make_schedule=make_schedule,
        is_legal=is_legal,
        incumbent=None,
        algorithm_hash="a",
        key="k",
    )


def refuse_large_tiles(knobs: Knobs) -> str:
    """A schedule whose illegality shows only when it is made."""
    if knobs["tile"] == 32:
        raise ScheduleError("too large.")
    return json.dumps(dict(knobs))


def time_of(knobs: Knobs) -> float:
    """Best at tile 16, unrolled [s]."""
    tile = knobs["tile"]
    assert isinstance(tile, int)
    return 1e-3 * (1 + abs(tile - 16) / 16 + (0 if knobs["unroll"] else 0.5))


def ok(time_s: float) -> Measurement:
    return Measurement(Outcome.OK, samples_s=(time_s, time_s, 1.1 * time_s))


@dataclass
class FakeMeasurer:
    """Answers at once: by `outcomes` for schedules it holds, else with the time that `time_of` gives their knobs."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    after_each: Callable[[], None] = lambda: None
    measured: list[Candidate] = field(default_factory=list)
    compared: list[dict[str, Candidate]] = field(default_factory=list)
    time_of: Callable[[Knobs], float] = time_of

    def measure(self, candidate: Candidate) -> Measurement:
        self.measured.append(candidate)
        self.after_each()
        outcome = self.outcomes.get(candidate.schedule, Outcome.OK)
        if outcome is not Outcome.OK:
            return Measurement(outcome, detail="told to", phase=Phase.CHECK)
        return ok(self.time_of(json.loads(candidate.schedule)))

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        self.compared.append(dict(contenders))
        return Comparison(
            {label: (self.time_of(json.loads(c.schedule)),) * rounds for label, c in contenders.items()}, {}
        )

    def peaks(self, threads: int) -> Peaks | None:
        return Peaks(100.0, 10.0)

    def close(self) -> None:
        pass


class Silence:
    """A listener that does nothing."""

    def on_peaks(self, peaks: Peaks | None) -> None:
        pass

    def on_start(self, network: Network, budget: Budget) -> None:
        pass

    def on_turn(self, layer: NetworkLayer) -> None:
        pass

    def on_trial(self, layer: NetworkLayer, trial: Trial, best_s: float | None) -> None:
        pass

    def on_contest(self, layer: NetworkLayer, contest: Contest | None) -> None:
        pass

    def on_projection(self, projection: Projection) -> None:
        pass

    def on_stop(self) -> None:
        pass


def make_network(*layers: NetworkLayer) -> Network:
    return Network("testnet", layers)

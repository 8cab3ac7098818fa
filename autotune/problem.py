"""What is tuned: a search space, how a point becomes a schedule, and where to begin; a network's layer is one kind."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autotune.measure.limits import Limits
from autotune.networks import NetworkLayer
from schedules import Database, Found, Hardware, Knobs, KnobValue, Rung, Space, find_family, lookup, neighbours
from schedules.prefilter import find_objection
from tensorlang.codegen.target import Target
from tensorlang.nn import build
from tensorlang.validation import algorithm_hash

STUDY = "study"
"""Key of `Record.provenance`: the `Problem.key` of the study that made the record."""


@dataclass(frozen=True, kw_only=True)
class Problem(ABC):
    """What a study searches, for a number of threads on this machine.

    Attributes
    ----------
    threads : int
    space : Space
    default : mapping
        Where the search begins: a point of `space`.
    starts : tuple of mapping
        Points worth trying first, best first.
    make_schedule : callable
        Point -> schedule as JSON; ScheduleError if the point turns out to be illegal.
    is_legal : callable
        Cheap constraint on points.
    incumbent : Found or None
        The user's or a published record for exactly this layer and machine.
    algorithm_hash : str
    key : str
        Identity of the problem: changes with the program, the machine, the threads, the space and the algorithm.
    is_hopeless : callable
        True for legal points that are known to be slow without measuring; they are tried when no others are left.
    """

    threads: int
    space: Space
    default: Knobs
    starts: tuple[Knobs, ...]
    make_schedule: Callable[[Knobs], str]
    is_legal: Callable[[Knobs], bool]
    incumbent: Found | None = None
    algorithm_hash: str
    key: str
    is_hopeless: Callable[[Knobs], bool] = lambda knobs: False

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call it."""

    @property
    @abstractmethod
    def workload(self) -> str:
        """What is computed, as `autotune.measure.measurer.Candidate` takes it."""

    @property
    @abstractmethod
    def limits(self) -> Limits:
        """Limits of its candidates."""

    @property
    def default_schedule(self) -> str:
        """What the others have to beat, as JSON: the schedule of `default`, unless there is another one."""
        return self.make_schedule(self.default)

    @property
    def has_made_incumbent(self) -> bool:
        """True if the incumbent came out of an earlier run of this very study."""
        record = self.incumbent.record if self.incumbent else None
        return record is not None and record.provenance.get(STUDY) == self.key


@dataclass(frozen=True, kw_only=True)
class LayerProblem(Problem):
    """A network's layer to be tuned: `default` is the heuristic default of its family.

    Attributes
    ----------
    layer : NetworkLayer
    family : str
        Layer family that made the space.
    """

    layer: NetworkLayer
    family: str

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def workload(self) -> str:
        """The workload as JSON."""
        return self.layer.workload.to_json()

    @property
    def limits(self) -> Limits:
        """Limits that follow from the layer's multiply-accumulates."""
        return Limits.for_macs(self.layer.workload.macs)


def layer_problem(
    layer: NetworkLayer, target: Target, hardware: Hardware, databases: Sequence[Database] | None = None
) -> LayerProblem:
    """Return the problem of tuning `layer` with the schedules of its family, starting from what is already known.

    `databases` says where that is looked up; by default in the user's database, then in the shipped one.
    """
    workload, threads = layer.workload, hardware.threads
    family, funcs = find_family(workload), build(workload)
    space = family.space(workload, target, threads)
    default = family.default(workload, target, threads)
    found = lookup(workload, threads=threads, hardware=hardware, target=target, databases=databases)
    of_algorithm = algorithm_hash(funcs.algorithm())
    return LayerProblem(
        layer=layer,
        threads=threads,
        family=family.name,
        space=space,
        default=default,
        starts=_starts(space, found, neighbours(workload, hardware=hardware, target=target, databases=databases)),
        make_schedule=lambda knobs: family.schedule(funcs, knobs, target, threads).to_json(),
        is_legal=lambda knobs: family.is_legal(workload, knobs, target),
        incumbent=found if found.rung is Rung.EXACT_MACHINE and found.record else None,
        algorithm_hash=of_algorithm,
        key=problem_key(workload.to_json(), family.name, space, hardware, of_algorithm),
        is_hopeless=lambda knobs: bool(find_objection(workload, family.name, knobs, default, target, threads)),
    )


def problem_key(workload: str, family: str, space: Space, hardware: Hardware, of_algorithm: str) -> str:
    """Hash of all that makes measurements of one problem comparable, and points mean the same."""
    knobs = [[knob.name, list(knob.choices)] for knob in space.knobs]
    machine = [str(vars(hardware)[name]) for name in sorted(vars(hardware))]
    text = json.dumps([workload, family, knobs, machine, of_algorithm])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _starts(space: Space, found: Found, nearest: tuple[Knobs, ...]) -> tuple[dict[str, KnobValue], ...]:
    """The knobs of the best record for this shape and of the nearest other one, if they are points of this space."""
    known = [found.knobs] if found.record else []
    distinct = {repr(sorted(knobs.items())): dict(knobs) for knobs in (*known, *nearest) if space.contains(knobs)}
    return tuple(distinct.values())

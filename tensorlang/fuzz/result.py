"""What is known of a case once it has run, as data that passes between processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from tensorlang.fuzz.pair import Attempt, Kind, Outcome


@dataclass(frozen=True)
class Result:
    """How a case ended, with what there is to count.

    Attributes
    ----------
    kind : Kind
    reason : str
        Why it was refused, or what failed.
    features : tuple of str
        Of the program.
    directives : tuple of str
        Calls of the directives of the schedule, each once.
    undivided_tails : tuple of str
        Tails of the splits whose factor does not divide the extent, each once.
    computed : int
        Funcs that have loops of their own.
    drawn, refused : dict
        How often each directive was drawn, and each rule refused one.
    """

    kind: Kind
    reason: str = ""
    features: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    undivided_tails: tuple[str, ...] = ()
    computed: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def result_of(attempt: Attempt, outcome: Outcome) -> Result:
    """What there is to count of an attempt."""
    scene = attempt.scene
    features = attempt.program.features if attempt.program else ()
    if scene is None:
        return Result(outcome.kind, outcome.reason, features)
    counts = dict(scene.drawn), dict(scene.refused)
    if outcome.kind is not Kind.AGREED:
        return Result(outcome.kind, outcome.reason, features, drawn=counts[0], refused=counts[1])
    return Result(
        outcome.kind,
        outcome.reason,
        features,
        tuple(sorted({directive.call for directive in scene.directives})),
        tuple(sorted({str(tail) for tail in scene.undivided_tails()})),
        sum(not scene.is_inlined(func) for func in scene.funcs()),
        *counts,
    )


def result_from_json(text: str) -> Result:
    """The result that `to_json` wrote."""
    data = json.loads(text)
    tuples = {name: tuple(data.pop(name)) for name in ("features", "directives", "undivided_tails")}
    return Result(**{**data, **tuples, "kind": Kind(data["kind"])})

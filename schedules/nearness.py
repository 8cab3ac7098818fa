"""How near two workloads are, and when what was tuned for one is worth using for another."""

from __future__ import annotations

from math import log2

from schedules.records import Record
from tensorlang.nn import Workload

FARTHEST = 2.0
"""Doublings between two shapes beyond which knobs are not transferred: one extent by 4, or two by 2."""
LEAST_GAIN = 1.1
"""Speed over its own default that a record must have for its knobs to be transferred: part of it is lost on the way."""

_EXTENTS = ("m", "n", "k", "h", "w", "c", "groups")
_EPILOGUE = ("bias", "relu", "clip", "residual", "activation")
_EPILOGUE_DOUBLINGS = 1.0


def is_transferable(record: Record, workload: Workload, threads: int) -> bool:
    """True if the knobs of `record` are likely to beat the heuristic default of `workload`, a shape it is not of.

    Notes
    -----
    The heuristic knows the shape at hand, the record only its own. So the record has to show that

    * it found something that the heuristic does not know: it beat its own default by `LEAST_GAIN`; a default that was
      not beaten says nothing of other shapes, for which the heuristic chooses anew;
    * what it found may hold here: the loops are the same (`is_alike`), dealt to as many threads, and no further than
      `FARTHEST` doublings from those it was measured on, as cache sizes do not scale with the shape.
    """
    return (
        record.timing.speedup >= LEAST_GAIN
        and record.hardware.threads == threads
        and is_near(record.workload, workload)
    )


def is_near(theirs: Workload, ours: Workload) -> bool:
    """True if both make the same loops, of extents no further than `FARTHEST` doublings apart."""
    return is_alike(theirs, ours) and distance(theirs, ours) <= FARTHEST


def is_alike(theirs: Workload, ours: Workload) -> bool:
    """True if both make the same loops but for extents and epilogue.

    That is one operation on one element type, with the same filter, stride and dilation, both padded or neither, both
    grouped or neither.
    """
    return type(theirs) is type(ours) and _loops(theirs) == _loops(ours)


def distance(theirs: Workload, ours: Workload) -> float:
    """Sum, over the extents, of how often one must double to become the other; an epilogue counts as one doubling."""
    others = vars(ours)
    sizes = sum(abs(log2(value / others[name])) for name, value in vars(theirs).items() if name in _EXTENTS)
    return sizes + _EPILOGUE_DOUBLINGS * (theirs.epilogue != ours.epilogue)


def _loops(workload: Workload) -> dict[str, object]:
    """The fields of a workload that are not extents, and of padding and groups whether there are any."""
    fields = vars(workload)
    kept = {name: value for name, value in fields.items() if name not in (*_EXTENTS, *_EPILOGUE, "padding")}
    return kept | {"is_padded": any(fields.get("padding", ())), "is_grouped": fields.get("groups", 1) > 1}

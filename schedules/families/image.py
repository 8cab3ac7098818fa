"""Where a convolution's padded image, or a copy of its input, is made: what the convolution families share."""

from __future__ import annotations

from schedules.families.tiles import element_bytes, guard_tail, lanes_for, skewed
from tensorlang.codegen.target import Target
from tensorlang.nn import Conv2d, DepthwiseConv2d, Layer
from tensorlang.schedule import Schedule

DIRECT, ROOT, BLOCK, ROWS, INLINE = "direct", "root", "block", "rows", "inline"


def image_choices(workload: Conv2d) -> tuple[str, ...]:
    """Choices of the knob ``image``: the input in place or its image made at once, either by block, or no image."""
    return (DIRECT, BLOCK) if workload.padding == (0, 0) else (ROOT, BLOCK, INLINE)


def schedule_image(
    s: Schedule, layer: Layer, workload: Conv2d | DepthwiseConv2d, place: str, target: Target, threads: int
) -> None:
    """Make the padded image, or without padding a copy called ``"rows"``, at `place`; rows have a skewed length.

    `place` is ``"direct"`` (no image), ``"inline"`` (no image: what lies outside is told apart where it is read),
    ``"root"``, ``"block"``: in the loop ``task`` of the output, or ``"rows"``: there too, but no row is made before
    the loop ``pi`` needs it, and only those rows are kept that are still needed.
    """
    if place in (DIRECT, INLINE):
        return
    if "padded" in layer.stages:
        image, row, channel = s["padded"], "h", "c"
    else:
        image = s.in_(layer.inputs[0], layer.stages["conv"], "rows")
        row, channel = "d1", _copied_channel(workload)
    lanes = lanes_for(workload, workload.c, target)
    image.align_storage(channel, skewed(workload.c, element_bytes(workload), lanes))
    if place == BLOCK:
        image.compute_at("out", "task")
    elif place == ROWS:
        image.store_at("out", "task").compute_at("out", "pi")
    else:
        image.compute_root()
        if threads > 1:
            image.parallel(row)
    if lanes > 1:
        image.vectorize(channel, lanes, guard_tail(workload.c, lanes))


def _copied_channel(workload: Conv2d | DepthwiseConv2d) -> str:
    """What `in_` calls the channels of a copied input: the loop that indexes them, or, if none does, their position."""
    if isinstance(workload, Conv2d):
        return "c" if workload.groups == 1 else "d3"
    return "k" if workload.multiplier == 1 else "d3"

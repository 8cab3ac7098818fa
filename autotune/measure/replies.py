"""What a measuring child may answer: a kernel gone wild may have written into the channel, or into the child's data."""

from __future__ import annotations

from math import isfinite

from autotune.measure.outcome import Outcome, Phase
from autotune.measure.protocol import ChannelGarbage, Message

_NUMBERS = ("build_s", "max_abs_error", "max_rel_error")


def read_phase(message: Message) -> tuple[Phase, str]:
    """The phase that begins, and what for.

    Raises
    ------
    ChannelGarbage
        If the message does not say that.
    """
    phase, about = message.get("phase"), message.get("about")
    if phase not in list(Phase) or not isinstance(about, str):
        raise ChannelGarbage("a message that is neither a phase nor a reply")
    return Phase(phase), about


def read_reply(request: Message, message: Message) -> Message:
    """The reply to a request, if it is one that the request's job gives.

    Raises
    ------
    ChannelGarbage
        If it has no outcome, or the times of a success are no times.
    """
    reply = message["reply"]
    if not isinstance(reply, dict) or reply.get("outcome") not in list(Outcome):
        raise ChannelGarbage("a reply without an outcome")
    if reply.get("phase", Phase.TIME) not in list(Phase) or not isinstance(reply.get("detail", ""), str):
        raise ChannelGarbage("a reply whose parts have other types")
    if any(type(reply.get(name, 0.0)) not in (int, float) for name in _NUMBERS):
        raise ChannelGarbage("a reply whose parts have other types")
    if reply["outcome"] == Outcome.OK:
        _check_times(request, reply)
    return reply


def _check_times(request: Message, reply: Message) -> None:
    if request["do"] == "peaks":
        is_right = _are_times([reply.get("fma_gflops"), reply.get("read_gbs")])
    elif request["do"] == "compare":
        samples_s = reply.get("samples_s")
        is_right = (
            isinstance(samples_s, dict)
            and set(samples_s) == set(request["schedules"])
            and all(_are_times(times) and len(times) == request["rounds"] for times in samples_s.values())
        )
    else:
        is_right = _are_times(reply.get("samples_s"))
    if not is_right:
        raise ChannelGarbage("times that are no times")


def _are_times(values: object) -> bool:
    """True for one or more positive numbers."""
    return (
        isinstance(values, list)
        and bool(values)
        and all(type(value) in (int, float) and isfinite(value) and value > 0 for value in values)
    )

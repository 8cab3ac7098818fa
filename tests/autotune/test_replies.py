"""Replies are believed only if they are what the job gives."""

from __future__ import annotations

import math
from typing import Any

import pytest

from autotune.measure.outcome import Phase
from autotune.measure.protocol import ChannelGarbage
from autotune.measure.replies import read_phase, read_reply

MEASURE = {"do": "measure"}
COMPARE = {"do": "compare", "schedules": {"a": "", "b": ""}, "rounds": 2}
PEAKS = {"do": "peaks"}


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (MEASURE, {"outcome": "ok", "samples_s": [1.0, 2]}),
        (MEASURE, {"outcome": "illegal", "detail": "why", "phase": "compile"}),
        (COMPARE, {"outcome": "ok", "samples_s": {"a": [1.0, 1.0], "b": [2.0, 2.0]}}),
        (PEAKS, {"outcome": "ok", "fma_gflops": 1.0, "read_gbs": 1.0}),
    ],
)
def test_reply_of_a_job_is_believed(request_: dict[str, Any], reply: dict[str, Any]) -> None:
    assert read_reply(request_, {"reply": reply}) == reply


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (MEASURE, []),
        (MEASURE, {}),
        (MEASURE, {"outcome": "splendid"}),
        (MEASURE, {"outcome": ["ok"]}),
        (MEASURE, {"outcome": "illegal", "phase": "nap"}),
        (MEASURE, {"outcome": "illegal", "detail": 3}),
        (MEASURE, {"outcome": "ok"}),
        (MEASURE, {"outcome": "ok", "samples_s": []}),
        (MEASURE, {"outcome": "ok", "samples_s": "fast"}),
        (MEASURE, {"outcome": "ok", "samples_s": [0.0]}),
        (MEASURE, {"outcome": "ok", "samples_s": [-1.0]}),
        (MEASURE, {"outcome": "ok", "samples_s": [math.nan]}),
        (MEASURE, {"outcome": "ok", "samples_s": [math.inf]}),
        (MEASURE, {"outcome": "ok", "samples_s": [True]}),
        (MEASURE, {"outcome": "ok", "samples_s": [1.0], "build_s": "long"}),
        (COMPARE, {"outcome": "ok", "samples_s": [1.0, 1.0]}),
        (COMPARE, {"outcome": "ok", "samples_s": {"a": [1.0, 1.0]}}),
        (COMPARE, {"outcome": "ok", "samples_s": {"a": [1.0], "b": [2.0, 2.0]}}),
        (PEAKS, {"outcome": "ok", "fma_gflops": None, "read_gbs": 1.0}),
    ],
)
def test_anything_else_is_garbage(request_: dict[str, Any], reply: object) -> None:
    with pytest.raises(ChannelGarbage):
        read_reply(request_, {"reply": reply})


def test_phase_is_one_of_those_there_are() -> None:
    assert read_phase({"phase": "check", "about": "x"}) == (Phase.CHECK, "x")
    for message in ({}, {"phase": "nap", "about": ""}, {"phase": "check"}, {"phase": ["check"], "about": ""}):
        with pytest.raises(ChannelGarbage):
            read_phase(message)

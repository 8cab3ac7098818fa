"""Hardware: what this machine says of itself, and how near two machines are."""

from __future__ import annotations

from dataclasses import replace

from schedules import Hardware
from tensorlang.codegen.target import host_target
from tests.schedules.examples import AVX2, hardware


def test_here_is_the_target_that_kernels_are_compiled_for() -> None:
    here, target = Hardware.here(threads=1), host_target()
    assert (here.vector_bits, here.l2_bytes, here.threads) == (target.vector_bits, target.l2_bytes, 1)
    assert set(here.isa) <= target.features
    assert here.vendor and here.family and here.model


def test_class_name_is_fit_for_a_file() -> None:
    machine = replace(hardware(), vendor="Genuine Intel/..", family="6", model="")
    assert machine.class_name == "genuineintel-6-unknown-512"


def test_nearness() -> None:
    machine = hardware()
    other_model, other_cache = replace(machine, model="x"), replace(machine, l3_bytes=1)
    assert machine != other_model and machine.is_same_isa_and_caches(other_model)
    assert not machine.is_same_isa_and_caches(other_cache) and machine.is_same_isa(other_cache)
    assert not machine.is_same_isa(hardware(target=AVX2))

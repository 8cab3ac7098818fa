"""The cache of oracle answers: asked once, found again, rebuilt when corrupt, keyed by all that matters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tensorlang import nn, reference
from tensorlang.validation import Values, make_inputs
from tensorlang.validation.oracle import expected_outputs

SHAPES = {"out": (3, 4)}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLANG_CACHE_DIR", str(tmp_path))


def _count_evaluations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    evaluate = reference.evaluate

    def counting(*args: object) -> object:
        calls.append(1)
        return evaluate(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(reference, "evaluate", counting)
    return calls


def test_answer_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, algorithm = _count_evaluations(monkeypatch), nn.build(nn.Gemm(3, 4, 5)).algorithm()
    first = expected_outputs(algorithm, SHAPES, Values.FLOATS, 7)["out"]
    again = expected_outputs(algorithm, SHAPES, Values.FLOATS, 7)["out"]
    assert len(calls) == 1 and np.array_equal(first, again)
    a, b, bias = (array.astype(np.float64) for array in make_inputs(algorithm, Values.FLOATS, 7).values())
    np.testing.assert_allclose(first.astype(np.float64), a @ b + bias, rtol=1e-4)


def test_seed_data_and_size_are_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _count_evaluations(monkeypatch)
    algorithm, longer = (nn.build(nn.Gemm(3, 4, k)).algorithm() for k in (5, 6))
    expected_outputs(algorithm, SHAPES, Values.FLOATS, 0)
    expected_outputs(algorithm, SHAPES, Values.FLOATS, 1)
    expected_outputs(algorithm, SHAPES, Values.INTEGERS, 0)
    expected_outputs(longer, SHAPES, Values.FLOATS, 0)
    assert len(calls) == 4


def test_corrupt_answer_is_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, algorithm = _count_evaluations(monkeypatch), nn.build(nn.Gemm(3, 4, 5)).algorithm()
    first = expected_outputs(algorithm, SHAPES, Values.FLOATS, 0)["out"]
    (file,) = (tmp_path / "oracle").glob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(expected_outputs(algorithm, SHAPES, Values.FLOATS, 0)["out"], first)
    assert len(calls) == 2


def test_unwritable_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TENSORLANG_CACHE_DIR", str(tmp_path / "file"))
    assert expected_outputs(nn.build(nn.Gemm(3, 4, 5)).algorithm(), SHAPES, Values.FLOATS, 0)["out"].shape == (3, 4)

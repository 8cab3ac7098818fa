"""The oracle's answers, computed once per algorithm, shapes and data, and kept on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tensorlang import reference
from tensorlang.ir.algorithm import Algorithm
from tensorlang.validation.hashing import sized_algorithm_hash
from tensorlang.validation.inputs import Values, make_inputs

_EPOCH = 1  # of the test data and of the file's layout; part of the key

Arrays = dict[str, npt.NDArray[np.generic]]
Shapes = Mapping[str, tuple[int, ...]]


def expected_outputs(algorithm: Algorithm, shapes: Shapes, values: Values, seed: int) -> Arrays:
    """Return what the oracle gives for ``make_inputs(algorithm, values, seed)``, from disk if it was asked before.

    An unreadable or unwritable cache costs time and changes nothing else.
    """
    path = _cache_directory() / f"{_key(algorithm, shapes, values, seed)}.npz"
    cached = _load(
        path, {buffer: shape for name, shape in shapes.items() for buffer, _ in algorithm.func(name).elements}
    )
    if cached is not None:
        return cached
    answers = reference.evaluate(algorithm, shapes, make_inputs(algorithm, values, seed))
    _save(path, answers)
    return answers


def _cache_directory() -> Path:
    root = os.environ.get("TENSORLANG_CACHE_DIR")
    if root:
        return Path(root) / "oracle"
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "tensorlang" / "oracle"


def _key(algorithm: Algorithm, shapes: Shapes, values: Values, seed: int) -> str:
    parts = (_EPOCH, reference.EPOCH, sized_algorithm_hash(algorithm), sorted(shapes.items()), values.name, seed)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _load(path: Path, shapes: Shapes) -> Arrays | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in shapes}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return arrays if all(arrays[name].shape == shape for name, shape in shapes.items()) else None


def _save(path: Path, arrays: Arrays) -> None:
    """Write beside the file and rename, so that readers see all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy types the names as its own keywords
        os.replace(temporary, path)
    except OSError:
        return

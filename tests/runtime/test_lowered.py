"""A kernel that was compiled before is not lowered again; what it was lowered from, and the compiler, decide that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import ScheduleError
from tensorlang.lowering import lower
from tensorlang.runtime import compile as compiling
from tensorlang.runtime import lowered
from tensorlang.schedule.rules import switched_off


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENSORLANG_CACHE_DIR", str(tmp_path))
    return tmp_path / "kernels"


@pytest.fixture
def lowerings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows by one with each call of `lower`."""
    calls: list[Any] = []

    def counted(*args: Any, **options: Any) -> Any:
        calls.append(args)
        return lower(*args, **options)

    monkeypatch.setattr(compiling, "lower", counted)
    return calls


def scaled(factor: float = 2.0, name: str = "f") -> tl.Func:
    x, i, f = tl.Input("x", (64,), tl.float32), tl.Var("i"), tl.Func(name)
    f[i] = x[i] * factor + 1.0
    return f


def vectors(f: tl.Func, lanes: int = 16) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f].vectorize("i", lanes)
    return s


def test_the_second_kernel_is_the_first_one(directory: Path, lowerings: list[Any]) -> None:
    first, second = (tl.compile(f, vectors(f)) for f in (scaled(), scaled()))
    assert len(lowerings) == 1 and second.from_cache
    assert second.module == first.module
    given = np.arange(64, dtype=np.float32)
    assert np.array_equal(second(given), first(given))


OTHERS: dict[str, Callable[[], object]] = {
    "another constant": lambda: tl.compile(scaled(2.5), vectors(scaled(2.5))),
    "another name": lambda: tl.compile(scaled(name="g"), vectors(scaled(name="g"))),
    "another schedule": lambda: tl.compile(scaled(), vectors(scaled(), 8)),
    "another shape": lambda: tl.compile(scaled(), vectors(scaled()), shape=(32,)),
    "other numerics": lambda: tl.compile(scaled(), vectors(scaled()), numerics="strict"),
    "no cache": lambda: tl.compile(scaled(), vectors(scaled()), cache=False),
}


@pytest.mark.parametrize("name", list(OTHERS))
def test_what_differs_is_lowered_anew(name: str, directory: Path, lowerings: list[Any]) -> None:
    tl.compile(scaled(), vectors(scaled()))
    OTHERS[name]()
    assert len(lowerings) == 2


def test_another_compiler_lowers_anew(directory: Path, lowerings: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    tl.compile(scaled(), vectors(scaled()))
    monkeypatch.setattr(lowered, "lowering_epoch", lambda: "another")
    tl.compile(scaled(), vectors(scaled()))
    assert len(lowerings) == 2


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:50] + b"?" + data[51:], lambda _: b""])
def test_a_damaged_file_is_made_again(damage: Callable[[bytes], bytes], directory: Path, lowerings: list[Any]) -> None:
    tl.compile(scaled(), vectors(scaled()))
    (path,) = directory.glob("lowered_*.pickle")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    kernel = tl.compile(scaled(), vectors(scaled()))
    assert len(lowerings) == 2
    assert np.array_equal(kernel(np.ones(64, np.float32)), np.full(64, 3, np.float32))
    assert path.read_bytes() == whole


def test_no_cache_leaves_nothing_behind(directory: Path) -> None:
    tl.compile(scaled(), vectors(scaled()), cache=False)
    assert not list(directory.glob("lowered_*"))


def test_what_is_lowered_without_a_rule_is_not_kept(directory: Path) -> None:
    f = scaled()
    s = tl.Schedule(f)
    s[f].vectorize("i", 6).stream_stores()
    with switched_off("streamed_pieces"):
        tl.compile(f, s)
    with pytest.raises(ScheduleError, match="6 lanes of float32 are 24 bytes"):
        tl.compile(f, s)


def test_a_refused_schedule_is_refused_again(directory: Path) -> None:
    f = scaled()
    s = tl.Schedule(f)
    s[f].vectorize("i", 6).stream_stores()
    for _ in range(2):
        with pytest.raises(ScheduleError, match="6 lanes of float32 are 24 bytes"):
            tl.compile(f, s)


def test_code_too_deep_to_be_kept_is_lowered_each_time(directory: Path, lowerings: list[Any]) -> None:
    i, x = tl.Var("i"), tl.Input("x", (8,), tl.float32)
    chain = [tl.Func(f"f{n}") for n in range(200)]
    chain[0][i] = x[i] + 1.0
    for before, after in zip(chain, chain[1:], strict=False):
        after[i] = before[i] + 1.0
    for _ in range(2):
        s = tl.Schedule(chain[-1])
        for func in chain[:-1]:
            s[func].compute_root()
        kernel = tl.compile(chain[-1], s, shape=(8,))
        assert np.array_equal(kernel(np.zeros(8, np.float32)), np.full(8, 200, np.float32))
    assert len(lowerings) == 2

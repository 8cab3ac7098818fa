"""Feeds the loader of records bytes that no version wrote: records or problems come out, and nothing runs.

``python -m tests.schedules.loader_fuzz [CASES] [SEED]`` prints what became of them; ``make fuzz-loader`` loads 100,000.
"""

from __future__ import annotations

import copy
import gc
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any

from schedules import Database, Record, Search
from schedules.record_file import RecordFile, read_line
from schedules.sealed import seal
from tensorlang.nn import workload_from_json

from .examples import WORKLOADS, record

MOST_CPU_S = 2.0
"""Longest that one case may take [s]; a line of the greatest length that is read takes a tenth of it."""
MOST_GROWTH_BYTES = 400 << 20
"""Most that the process may grow over all cases [B]."""
_FORBIDDEN = ("exec", "compile", "import", "open", "os.system", "os.exec", "subprocess.Popen", "socket.connect")
_NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, "", "x", "\ud800", "../../etc/passwd",
    "__import__('os').system('true')", "A" * 10_000, [], {}, [[]], [None], {"op": "gemm"}, {"": ""}, [1] * 1000,
)  # fmt: skip
_FRAGMENTS = (
    b"NaN",
    b"1e999",
    b"-Infinity",
    b"\xff\xfe",
    b"\x00",
    b'"',
    b"{",
    b"[",
    b"}",
    b"]",
    b",",
    b":",
    b"\\ud800",
)


def seeds() -> list[bytes]:
    """Valid lines to be mutated, of every kind of workload."""
    search = Search(checked=16, tried=17, exhausted=False, sampler="TPESampler", seed=0, default="0123456789abcdef")
    records = [record(workload) for workload in WORKLOADS[::3]]
    return [replace(r, search=search).to_json().encode() for r in records]


def _random_bytes(random: Random, valid: Sequence[bytes]) -> bytes:
    return random.randbytes(random.choice((0, 1, 7, 60, 4000)))


def _random_json_text(random: Random, valid: Sequence[bytes]) -> bytes:
    alphabet = b'{}[]",:0123456789.eE+-truefalsn \\u"schema workload'
    return bytes(random.choice(alphabet) for _ in range(random.randrange(200)))


def _changed_bytes(random: Random, valid: Sequence[bytes]) -> bytes:
    line = bytearray(random.choice(valid))
    for _ in range(random.choice((1, 1, 2, 8))):
        at, length = random.randrange(len(line)), random.choice((0, 1, 1, 20))
        line[at : at + length] = random.choice((random.randbytes(1), random.choice(_FRAGMENTS), b"9" * 30))
    return bytes(line)


def _sealed(random: Random, valid: Sequence[bytes]) -> bytes:
    """A file whose header was made for it, or for what it was before something changed."""
    content = bytearray(seal([read_line(random.choice(valid)) for _ in range(2)]))
    for _ in range(random.randrange(3)):
        at = random.randrange(random.choice((300, len(content))))
        content[at : at + random.choice((0, 1, 1, 20))] = random.choice(
            (random.randbytes(1), random.choice(_FRAGMENTS))
        )
    return bytes(content)


def _cut(random: Random, valid: Sequence[bytes]) -> bytes:
    line = random.choice(valid)
    return line[: random.randrange(len(line))]


def _spliced(random: Random, valid: Sequence[bytes]) -> bytes:
    one, other = random.choice(valid), random.choice(valid)
    return one[: random.randrange(len(one))] + other[random.randrange(len(other)) :]


def _changed_value(random: Random, valid: Sequence[bytes]) -> bytes:
    data = json.loads(random.choice(valid))
    for _ in range(random.choice((1, 1, 1, 3))):
        holder, key = random.choice(list(_places(data)))
        nasty = copy.deepcopy(random.choice(_NASTY))  # what a case holds is changed further
        match random.randrange(4):
            case 0 | 1:
                holder[key] = nasty
            case 2:
                del holder[key]
            case _ if isinstance(holder, dict):
                holder[random.choice(("extra", "schema", "op", "default", "__class__"))] = nasty
            case _:
                holder.extend(holder)
        if not list(_places(data)):
            break
    return json.dumps(data).encode()


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder of the document with each of its keys or indices."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, item in list(items):
        yield data, key
        yield from _places(item)


def _deep(random: Random, valid: Sequence[bytes]) -> bytes:
    depth, value = random.choice((50, 400, 900, 5_000)), random.choice((b"[", b'{"a":'))
    end = b"]" if value == b"[" else b"}"
    nest = value * depth + b"1" + end * depth
    line = random.choice(valid)
    at = line.find(random.choice((b'"knobs": ', b'"schedule": ', b'"timing": ', b'"op": ', b'"stage": ')))
    begin = line.index(b": ", at) + 2
    return line[:begin] + nest + line[line.find(b",", begin) :]


def _long(random: Random, valid: Sequence[bytes]) -> bytes:
    count = 40_000 if random.random() < 0.02 else 300
    keys = b",".join(b'"%d":%d' % (n, n) for n in range(count))
    return random.choice(valid).replace(b'"knobs": {', b'"knobs": {' + keys + random.choice((b",", b',"0":1,')))


KINDS: tuple[Callable[[Random, Sequence[bytes]], bytes], ...] = (
    _random_bytes, _random_json_text, _changed_bytes, _changed_bytes, _cut, _spliced, _changed_value, _changed_value,
    _changed_value, _deep, _long, _sealed,
)  # fmt: skip


@contextmanager
def nothing_executed() -> Iterator[None]:
    """While active, running code, importing, and opening files or connections raise in the place that does it."""
    active = [True]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if active[0] and event in _FORBIDDEN:
            raise AssertionError(f"the loader caused the event {event!r}: {arguments!r}")

    sys.addaudithook(watch)  # there is no way to remove one
    try:
        yield
    finally:
        active[0] = False


@contextmanager
def collecting_own_garbage() -> Iterator[None]:
    """While active, collections leave out what was there before: to search all that other tests left takes seconds."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def fuzz(cases: int, seed: int) -> Counter[str]:
    """Load `cases` byte strings.

    Returns
    -------
    Counter
        How many of each kind were refused, and how many held records after all.

    Raises
    ------
    AssertionError
        If a record that was read cannot be used, or anything was executed, or took too long, or too much memory. The
        loader turns DatabaseError, and nothing else, into problems: any other exception passes through.
    """
    random, valid, counts = Random(seed), seeds(), Counter[str]()
    for workload in WORKLOADS:  # types are resolved when they are first read
        workload_from_json(workload.to_json())
    _load(seal([read_line(line) for line in valid]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with nothing_executed(), collecting_own_garbage():
        for _ in range(cases):
            kind = random.choice(KINDS)
            line = kind(random, valid)
            counts[f"{kind.__name__[1:]}: {_load(line)}"] += 1
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert growth <= MOST_GROWTH_BYTES, f"the process grew by {growth} B"
    return counts


def _load(content: bytes) -> str:
    """Load what might be a file; all that is wrong with it must be said as a problem."""
    begin = time.thread_time()  # not the process's: other tests of it leave threads at work
    file = RecordFile.parse(Path("case.jsonl"), content)
    wanted = list(file.records_of(lambda workload: workload.op == "gemm"))
    contents = file.contents
    for found in contents.records:
        use(found)
    assert [r for r in contents.records if r.workload.op == "gemm"] == wanted, content[:2000]
    assert all(len(str(problem)) < 1_200 for problem in contents.problems), content[:2000]
    assert time.thread_time() - begin <= MOST_CPU_S, content[:2000]
    return "records" if contents.records else "refused"


def use(found: Record) -> None:
    """Do with a record what lookups and merging do."""
    assert Record.from_json(found.to_json()) == found
    assert found.digest and str(found.workload) and isfinite(found.timing.speedup) and found.workload.macs > 0
    home = Path("/nowhere")
    assert Database(home).path_for(found).parent == home


def main(cases: int = 100_000, seed: int = 0) -> None:
    begin = time.perf_counter()
    counts = fuzz(cases, seed)
    for name, count in sorted(counts.items()):
        print(f"{count:8}  {name}")
    elapsed_s = time.perf_counter() - begin
    print(f"{cases:8}  in all, of seed {seed}, in {elapsed_s:.0f} s: none raised but DatabaseError, nothing ran")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

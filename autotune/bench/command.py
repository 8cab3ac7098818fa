"""What the `autotune bench` command does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autotune.bench.case_sets import choose_layers, find_case_set, make_cases
from autotune.bench.document import make_document
from autotune.bench.implementations import (
    AGAIN,
    DEFAULT,
    PEERS,
    TUNED,
    Implementation,
    find_missing,
    install_hint,
    require_installed,
)
from autotune.bench.report import make_sections
from autotune.bench.results_file import read_sections, update_results
from autotune.bench.run import run_comparison
from autotune.bench.setting import describe_setting
from autotune.bench.table import print_comparison
from autotune.cli.output import people_console, print_json, print_warnings, result_console
from autotune.cli.steps import Steps
from autotune.measure.slot import measuring_slot
from autotune.names import ALL_LAYERS, CASE_SETS
from autotune.networks import Network, describe_layers
from tensorlang.errors import TuningError

_BUSY = 0.5  # runnable processes; one of them takes a whole CPU from whoever has its turn


def bench(
    cases: tuple[str, ...],
    threads: tuple[int, ...],
    peers: tuple[str, ...] | None,
    batch: int,
    layers: tuple[str, ...],
    rounds: int,
    results_path: Path | None,
    as_json: bool,
) -> None:
    """Compare the layers of case sets, print the result and exit: 0 if every implementation computed every case."""
    people = people_console()
    sets = choose_layers([find_case_set(name, batch) for name in dict.fromkeys(cases or CASE_SETS)], layers)
    rivals = _choose_peers(peers, people)
    if results_path is not None:
        _check_results(results_path, layers)
    chosen = [case for one in sets for case in make_cases(one, _options(peers, batch, rounds))]
    setting = describe_setting(rivals, max(threads))
    _announce(people, sets, rivals, setting["load_before"])
    with measuring_slot():
        with Steps(people, len(chosen) * len(threads)) as steps:
            comparison = run_comparison(chosen, (DEFAULT, TUNED, AGAIN, *rivals), threads, rounds, steps.begin)
    command = _whole_command(cases, layers, threads, _options(peers, batch, rounds))
    document = {"command": command, "setting": setting, **make_document(comparison)}
    print_comparison(result_console(as_json), comparison, document)
    if results_path is not None:
        update_results(results_path, make_sections(comparison, document))
    if as_json:
        print_json({**document, "hardware": setting["hardware"], "load_before": setting["load_before"]})
    if comparison.failures:
        sys.exit(1)


def _check_results(path: Path, layers: tuple[str, ...]) -> None:
    """Say what is wrong with the file before anything is measured."""
    if layers and layers != (ALL_LAYERS,):
        raise TuningError(
            "results are of whole case sets, but some of their layers are named.", hint="--results without --layers"
        )
    read_sections(path)


def _choose_peers(names: tuple[str, ...] | None, people: Console) -> tuple[Implementation, ...]:
    """The named peers; without names those that are installed, and a remark on the others."""
    if names is None:
        missing = {peer.name: find_missing(peer) for peer in PEERS}
        absent = [f"{name} ({' and '.join(needs)} not installed)" for name, needs in missing.items() if needs]
        if absent:
            hint = install_hint([need for needs in missing.values() for need in needs])
            print_warnings(people, [f"not compared with {', '.join(absent)}; {hint}"])
        return tuple(peer for peer in PEERS if not missing[peer.name])
    known = {peer.name: peer for peer in PEERS}
    for name in names:
        if name not in known:
            raise TuningError(f"there is no peer {name!r}.", legal=" | ".join(known))
    chosen = tuple(known[name] for name in dict.fromkeys(names))
    require_installed(chosen)
    return chosen


def _announce(people: Console, sets: Sequence[Network], rivals: Sequence[Implementation], load: float) -> None:
    if load > _BUSY:
        print_warnings(people, [f"the machine is busy (load {load:.1f}): ratios will be noisy"])
    for one in sets:
        able = [peer.name for peer in rivals if any(peer.computes(layer.workload) for layer in one.layers)]
        text = f"comparing {describe_layers(one.layers)}, of {one.name}, with {', '.join(able) or 'no other library'}"
        people.print(text, markup=False, highlight=False)


def _options(peers: tuple[str, ...] | None, batch: int, rounds: int) -> str:
    """The options that a case alone is measured with too."""
    given = [f"--batch {batch}"] if batch != 1 else []
    given += [f"--peers {','.join(peers)}"] if peers else []
    return " ".join([*given, f"--rounds {rounds}"])


def _whole_command(cases: tuple[str, ...], layers: tuple[str, ...], threads: tuple[int, ...], options: str) -> str:
    chosen = f" --layers {','.join(layers)}" if layers else ""
    return f"autotune bench {' '.join((*cases, options))}{chosen} --threads {','.join(map(str, threads))}"

"""The `autotune tune --cluster` command."""

from __future__ import annotations

from dataclasses import asdict, replace

from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.cli.tune import exit_for, resumable, resume_command, say_how_to_go_on
from autotune.cluster.address import ClusterAddress
from autotune.cluster.session import KindResult, tune_on_cluster
from autotune.networks import find_network
from autotune.report import to_data, to_table
from schedules import Database


def tune(
    network: str,
    cluster: ClusterAddress,
    budget: float,
    threads: int | None,
    batch: int,
    layers: tuple[str, ...],
    seed: int,
    storage: str | None,
    as_json: bool,
) -> None:
    """Tune a network on a cluster, print a result for each kind of machine, and exit: 0 if any layer was timed."""
    people = people_console()
    chosen = find_network(network, batch).select(layers)
    print_warnings(people, Database.user().load().problems)
    resume = resume_command(network, budget, threads, batch, layers, seed, storage, cluster.text)
    with resumable(people, resume) as display:
        found = tune_on_cluster(
            chosen,
            cluster,
            budget_s=budget,
            threads=threads,
            seed=seed,
            storage_url=storage,
            listener=display,
            notify=lambda text: print_warnings(people, [text]),
        )
    for item in found:
        print_table(result_console(as_json), to_table(replace(item.result, network=_title(item))))
    say_how_to_go_on(people, resume)
    if as_json:
        print_json({"network": network, "cluster": cluster.text, "kinds": [_data(item, resume) for item in found]})
    exit_for([item.result for item in found])


def _title(item: KindResult) -> str:
    return f"{item.result.network} on {item.machines} of {item.kind}"


def _data(item: KindResult, resume: str) -> dict[str, object]:
    hardware = asdict(item.kind.with_threads(item.result.threads))
    return {"hardware": hardware, "machines": item.machines, **to_data(replace(item.result, resume=resume))}

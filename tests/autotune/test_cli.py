"""The command as a user runs it: exit codes, what goes to stdout and what to stderr, no traceback ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from autotune.cli import commands, root
from autotune.cli import tune as tune_command
from autotune.names import CASE_SETS, NETWORKS
from autotune.networks import Network, find_network, network_names
from autotune.results import LayerResult, NetworkResult
from schedules import Database, Hardware, Rung
from tests.schedules.examples import WORKLOADS, record

MAIN = "from autotune.cli import main; main()"
KNOWN = "alexnet, googlenet, mobilenet_v1, mobilenet_v2, resnet18, resnet50, squeezenet1_1, vgg16"
LAYERS = " | ".join(layer.name for layer in find_network("resnet50").layers)


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "TENSORLANG_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, *arguments]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tune", "resnet50", "--layers", "fc,x"), f"Error: resnet50 has no layer 'x'.\n  legal here  {LAYERS}\n"),
        (("run", "resnet50", "--layer", "x"), f"Error: resnet50 has no layer 'x'.\n  legal here  {LAYERS}\n"),
        (
            ("run", "resnet50", "--threads", "4096"),
            f"Error: This machine cannot run 4096 threads at once.\n"
            f"  legal here  1 to {len(os.sched_getaffinity(0))} threads\n",
        ),
        (
            ("db", "lookup", "conv1"),
            "Error: 'conv1' names no workload.\n"
            "  legal here  NETWORK:LAYER | JSON\n"
            "  hint        for example alexnet:conv1\n",
        ),
        (("show", "resnet50:x"), f"Error: resnet50 has no layer 'x'.\n  legal here  {LAYERS}\n"),
        (
            ("db", "lookup", '{"op": "fft"}'),
            "Error: there is no workload 'fft'.\n"
            "  legal here  gemm | conv2d | depthwise_conv2d | pool2d | softmax | layer_norm\n",
        ),
    ],
)
def test_mistake_is_one_message_and_exit_code_1(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tune",), "Missing argument 'NETWORK'."),
        (("frobnicate",), "No such command 'frobnicate'."),
        *(
            (
                (command, "resnet51"),
                "Invalid value for 'NETWORK': there is no network 'resnet51'. Known: " + KNOWN + ".",
            )
            for command in ("tune", "run")
        ),
        (
            ("bench", "resnet51"),
            f"Invalid value for '[CASES]...': there is no case set 'resnet51'. Known: {', '.join(CASE_SETS)}, {KNOWN}.",
        ),
        (
            ("tune", "resnet50", "--budget", "soon"),
            "Invalid value for '--budget': 'soon' is not a duration above zero. Give it as 90s, 10m or 1h30m.",
        ),
        (
            ("tune", "resnet50", "--cluster", "somewhere"),
            "Invalid value for '--cluster': 'somewhere' is no cluster. Give tcp://HOST:PORT, tls://HOST:PORT, local:N, "
            "slurm:N, pbs:N or sge:N.",
        ),
        (
            ("run", "resnet50", "--layers", ","),
            "Invalid value for '--layers' / '--layer': ',' names nothing. Give one name or more, as in a,b.",
        ),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (2, "", f"Error: {message}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("tune", "--help"),
        ("tune", "resnet51"),
        ("study", "compare", "--help"),
        ("study", "compare", "resnet50:fc", "--samplers", "guess"),
        ("run", "resnet50", "--threads", "0"),
        ("bench", "--help"),
        ("bench", "blur", "--help"),
        ("bench", "gemm", "resnet51"),
    ],
)
def test_help_and_mistakes_do_not_wait_for_compiler_and_tuner(arguments: tuple[str, ...]) -> None:
    code = f"""
import sys
from autotune.cli import main
try:
    main({list(arguments)})
finally:
    print(sorted({{"tensorlang", "numpy", "numba", "optuna", "rich"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(Path()), capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_the_networks_and_the_units_of_the_budget() -> None:
    shown = " ".join(CliRunner().invoke(root._autotune, ["tune", "--help"]).output.split())
    assert f"Networks: {KNOWN}." in shown
    assert "in hours, minutes and seconds: 90s, 10m, 1h30m; a number alone is seconds" in shown


def test_help_of_the_bench_names_the_case_sets_and_the_other_benchmarks() -> None:
    shown = " ".join(CliRunner().invoke(root._autotune, ["bench", "--help"]).output.split())
    assert "bench [OPTIONS] [CASES]..." in shown
    assert all(f"{name} {text}" in shown for name, text in CASE_SETS.items())
    assert f"layers of {KNOWN}" in shown
    assert "compile-time How the time to compile grows with the code." in shown


@pytest.mark.parametrize("name", ["blur", "compile-time"])
def test_other_benchmarks_have_options_of_their_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    seen: dict[str, object] = {}
    monkeypatch.setattr(commands, "_start", lambda place, arguments: seen.update(arguments))
    assert CliRunner().invoke(root._autotune, ["bench", name, "--rounds", "2"]).exit_code == 0
    assert seen["rounds"] == 2
    assert "cases" not in seen
    shown = CliRunner().invoke(root._autotune, ["bench", name, "--help"]).output
    assert f"bench {name} [OPTIONS]" in shown


def test_several_case_sets_are_given_in_any_place(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}
    monkeypatch.setattr(commands, "_start", lambda place, arguments: seen.update(arguments))
    arguments = ["bench", "--threads", "2", "gemm", "--peers", "mkl,openblas", "resnet50"]
    assert CliRunner().invoke(root._autotune, arguments).exit_code == 0
    assert (seen["cases"], seen["peers"], seen["threads"]) == (("gemm", "resnet50"), ("mkl", "openblas"), (2,))


@pytest.mark.parametrize("options", [("--layers", "fc,conv1"), ("--layer", "fc", "--layer", "conv1")])
@pytest.mark.parametrize("command", ["tune", "run", "bench"])
def test_layers_are_given_alike_to_all_commands(
    monkeypatch: pytest.MonkeyPatch, command: str, options: tuple[str, ...]
) -> None:
    seen: dict[str, object] = {}
    monkeypatch.setattr(commands, "_start", lambda place, arguments: seen.update(arguments))
    assert CliRunner().invoke(root._autotune, [command, "resnet50", *options]).exit_code == 0
    assert seen["layers"] == ("fc", "conv1")


def test_names_known_before_the_networks_are_imported_are_theirs() -> None:
    assert NETWORKS == network_names()


def test_unwritable_database_is_said_before_tuning_starts(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("in the way")
    done = run(home, "tune", "resnet50", "--budget", "100h")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "  hint        set TENSORLANG_HOME to a directory that you can write to"


def test_corrupt_database_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "records" / "somebody-else.jsonl"
    file.parent.mkdir()
    file.write_text("__import__('os').system('touch owned')\n")
    done = run(tmp_path, "db", "list", "--json")
    data = json.loads(done.stdout)
    assert data["records"] == [record for record in data["records"] if record["database"] == "published"]
    assert len(data["problems"]) == 1 and str(file) in data["problems"][0]
    assert f"warning: {file}:1: " in done.stderr.replace("\n", "")
    assert file.read_text() == "__import__('os').system('touch owned')\n"


def test_lookup_prints_a_schedule_and_says_where_it_came_from(tmp_path: Path) -> None:
    done = run(tmp_path, "db", "lookup", '{"op": "gemm", "m": 48, "n": 32, "k": 16}', "--threads", "1", "--json")
    data = json.loads(done.stdout)
    assert data["workload"]["m"] == 48
    assert data["explanation"] in done.stderr.replace("\n", " ")
    assert json.loads(data["schedule"])["directives"]


GEMM = '{"op": "gemm", "m": 48, "n": 32, "k": 16}'


def test_show_prints_a_schedule_and_its_loops(tmp_path: Path) -> None:
    done = run(tmp_path, "show", GEMM, "--threads", "1", "--default")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("s = tl.Schedule()\n(\n")
    assert "\nfor task in 0..4:\n" in done.stdout and "limited by" not in done.stdout
    assert done.stderr == "heuristic: the default of the gemm family; no record fits\n"


def test_show_says_why_from_measurements(tmp_path: Path) -> None:
    done = run(tmp_path, "show", GEMM, "--threads", "1", "--why")
    assert done.returncode == 0, done.stderr
    words = [line.split()[0] for line in done.stdout.partition("\ntarget ")[2].splitlines()]
    assert words[-3:] == ["measured", "roofline", "limited"]
    data = json.loads(run(tmp_path, "show", GEMM, "--threads", "1", "--why", "--json").stdout)
    why = data["why"]
    assert why["operations"]["needed"] == 2 * 48 * 32 * 16 + 48 * 32
    assert 0 < why["gflops"] < why["measured"]["fma_gflops"] == why["roofline_gflops"]
    assert why["limited_by"]


def test_lookup_does_not_load_the_tuner() -> None:
    code = "import sys, autotune.cli.root, autotune.cli.db; print('optuna' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(Path()), capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_import_of_the_package_is_light() -> None:
    code = "import sys, autotune; print(sorted({'numpy', 'numba', 'optuna', 'click', 'rich'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(Path()), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_tuning_then_running_a_layer(tmp_path: Path) -> None:
    options = ("--layer", "fc", "--threads", "1", "--json")
    tuned = run(tmp_path, "tune", "resnet50", "--budget", "8s", *options)
    assert tuned.returncode == 0, tuned.stderr
    data = json.loads(tuned.stdout)
    (layer,) = data["layers"]
    assert (layer["layer"], layer["count"], layer["problem"]) == ("fc", 1, "")
    assert layer["trials"] >= 1 and layer["tuned_ms"] <= layer["default_ms"]
    assert data["resume"] == "autotune tune resnet50 --budget 8s --threads 1 --layers fc"
    assert data["resume"] in tuned.stderr
    ran = run(tmp_path, "run", "resnet50", *options)
    assert ran.returncode == 0, ran.stderr
    (layer,) = json.loads(ran.stdout)["layers"]
    assert layer["source"] in list(Rung)
    listed = run(tmp_path, "db", "list")
    assert all(len(line) < 200 and not set(line) & set("│┃━─") for line in listed.stdout.splitlines())
    assert (listed.returncode, listed.stderr) == (0, "")


def interrupt(home: Path, times: int) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a tuning run that gets so many Ctrl-C's in its midst."""
    arguments = ("tune", "resnet50", "--budget", "1h", "--layer", "fc", "--threads", "1", "--json")
    command = [sys.executable, "-c", MAIN, *arguments]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while "tuning" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(6)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


RESUME = "to go on: autotune tune resnet50 --budget 1h --threads 1 --layers fc\n"


def test_ctrl_c_keeps_the_best_and_prints_how_to_go_on(tmp_path: Path) -> None:
    code, stdout, stderr = interrupt(tmp_path, times=1)
    assert code == 130
    data = json.loads(stdout)
    assert data["interrupted"] is True
    assert data["layers"][0]["tuned_ms"] > 0
    assert stderr.endswith(RESUME)
    assert "Traceback" not in stderr


def test_second_ctrl_c_leaves_at_once_and_still_says_how_to_go_on(tmp_path: Path) -> None:
    code, stdout, stderr = interrupt(tmp_path, times=2)
    assert (code, stdout) == (130, "")
    assert stderr.endswith(RESUME)
    assert "Traceback" not in stderr


def test_defect_of_ours_is_one_message_and_a_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def boom() -> None:
        raise KeyError("lost")

    monkeypatch.setitem(root._autotune.commands, "boom", boom)
    shown = CliRunner().invoke(root._autotune, ["boom"])
    assert (shown.exit_code, shown.output) == (
        1,
        "Error: internal error, KeyError: 'lost'\n"
        "  hint        this is a defect of tensorlang; TENSORLANG_DEBUG=1 shows where\n",
    )
    monkeypatch.setenv("TENSORLANG_DEBUG", "1")
    assert isinstance(CliRunner().invoke(root._autotune, ["boom"]).exception, KeyError)


def test_corrupt_file_in_the_way_is_set_aside_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    database, new = Database.user(), record(WORKLOADS[0])
    file = database.path_for(new)
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe not a record")

    def tune_network(network: Network, **_: object) -> NetworkResult:
        database.append(new)
        return NetworkResult(network.name, 1, None, (LayerResult(network.layers[0], 1.0, 1.0),), 1.0)

    monkeypatch.setattr(tune_command, "tune_network", tune_network)
    done = CliRunner().invoke(root._autotune, ["tune", "resnet50", "--layers", "fc", "--threads", "1"])
    assert done.exit_code == 0, done.output
    aside = file.with_name(f"{file.name}.set-aside-1")
    assert aside.read_bytes() == b"\xff\xfe not a record"
    assert f"warning: {file}:1: not UTF-8 text." in done.stderr
    assert f"warning: a file that held no record was set aside, unchanged, as {aside}\n" in done.stderr


def test_list_says_which_of_two_records_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    monkeypatch.setattr(Database, "shipped", lambda: Database(tmp_path / "published"))
    slow, fast = (record(WORKLOADS[0], best_ns=best_ns, on=Hardware.here(1)) for best_ns in (50, 20))
    for one in (slow, fast):
        Database.user().append(one)
    done = CliRunner().invoke(root._autotune, ["db", "list"])
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line.split()[-1] for line in lines[:3]] == ["answers", "no", "yes"]
    assert [line.split("  ")[0] for line in lines[:3]] == ["database", "user", "user"]
    assert lines[3] == "answers: what a lookup of that workload with as many threads takes on this machine"
    data = json.loads(CliRunner().invoke(root._autotune, ["db", "list", "--json"]).stdout)
    shown = [(one["speedup"], one["answers"]) for one in data["records"]]
    assert shown == [(slow.timing.speedup, False), (fast.timing.speedup, True)]

"""Measure contestants fairly: a fresh process each, in alternating order, the median of five.

A benchmark module has ``TASKS`` and calls :func:`main`. A contestant imports its own library, turns the
data into the form that library likes best, and returns a function; only that function's first run at full
size is timed, after one run on small data has loaded what is loaded lazily. Answers are compared, so that
nobody wins by computing something else.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RUNS = 5
OURS = "workbench"
# Settings of a machine's BLAS for its own ends; they slow small matrix products and are no part of a user's set-up.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass(frozen=True)
class Task:
    """Something that several libraries can do.

    Attributes
    ----------
    title : str
        What is done, and on how much.
    data : callable
        Given a size, the data; the same for the same size.
    sizes : (int, int)
        Small (to load everything) and full.
    contestants : mapping of str to callable
        Given the data, a function that gives the answer as a list of numbers. Ours is called "workbench".
    predicted : mapping of str to float
        How many times our time each of the others was expected to take, at least.
    tolerance : float
        How far answers may differ, relative to max(1, size).
    """

    title: str
    data: Callable[[int], Any]
    sizes: tuple[int, int]
    contestants: Mapping[str, Callable[[Any], Callable[[], Sequence[float]]]]
    predicted: Mapping[str, float]
    tolerance: float


def main(module: str, tasks: Mapping[str, Task], packages: Sequence[str]) -> int:
    """Run the benchmark from the command line; 1 if an answer differs. A failed prediction is said, not punished."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--json", action="store_true", help="print the figures for machines")
    parser.add_argument("--one", nargs=2, metavar=("TASK", "CONTESTANT"), help="measure one run in this process")
    arguments = parser.parse_args()
    if arguments.one:
        task, contestant = arguments.one
        print(json.dumps(_measure(tasks[task], contestant)))
        return 0
    figures = {name: _compete(module, name, task) for name, task in tasks.items()}
    print(json.dumps(figures, indent=2) if arguments.json else _report(tasks, figures, packages))
    return 0 if all(row["agrees"] for rows in figures.values() for row in rows.values()) else 1


def _measure(task: Task, contestant: str) -> dict[str, Any]:
    small, full = task.sizes
    task.contestants[contestant](task.data(small))()
    solve = task.contestants[contestant](task.data(full))
    start = time.perf_counter()
    answer = solve()
    return {"seconds": time.perf_counter() - start, "answer": [float(number) for number in answer]}


def _compete(module: str, name: str, task: Task) -> dict[str, dict[str, Any]]:
    runs: dict[str, list[dict[str, Any]]] = {contestant: [] for contestant in task.contestants}
    for turn in range(RUNS):
        order = list(task.contestants)
        for contestant in order if turn % 2 == 0 else reversed(order):
            runs[contestant].append(_in_a_fresh_process(module, name, contestant))
    seconds = {who: [run["seconds"] for run in turns] for who, turns in runs.items()}
    ours, answer = statistics.median(seconds[OURS]), np.array(runs[OURS][0]["answer"])
    return {
        who: {
            "median_seconds": statistics.median(seconds[who]),
            "seconds": seconds[who],
            "times_ours": statistics.median(seconds[who]) / ours,
            "predicted_times_ours": task.predicted.get(who, 1.0),
            "as_predicted": statistics.median(seconds[who]) / ours >= task.predicted.get(who, 1.0),
            "agrees": all(_same(np.array(run["answer"]), answer, task.tolerance) for run in turns),
        }
        for who, turns in runs.items()
    }


def _in_a_fresh_process(module: str, task: str, contestant: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    command = [sys.executable, "-m", module, "--one", task, contestant]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{contestant} failed at {task}:\n{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])


def _same(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= tolerance * np.maximum(1, np.abs(other))))


def _report(tasks: Mapping[str, Task], figures: Mapping[str, Any], packages: Sequence[str]) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    lines = [
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores; median of {RUNS}.",
        "",
        "| task | who | seconds (from – to) | times ours | predicted at least | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, rows in figures.items():
        for who, row in rows.items():
            verdict = "as predicted" if row["as_predicted"] else "slower than predicted"
            verdict = ("reference" if who == OURS else verdict) if row["agrees"] else "ANOTHER ANSWER"
            lines.append(
                f"| {tasks[name].title} | {who} "
                f"| {row['median_seconds']:.4f} ({min(row['seconds']):.4f} – {max(row['seconds']):.4f}) "
                f"| {row['times_ours']:.1f} | {row['predicted_times_ours']:.1f} | {verdict} |"
            )
    return "\n".join(lines)

"""Grade notebooks side by side, each in a process made for it."""

import gc
import json
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from mlcourse.grading.job import Job
from mlcourse.grading.nursery import Nursery
from mlcourse.grading.results import Row
from mlcourse.grading.task import CheckError


def run(todo: deque[tuple[Row, Job]], *, jobs: int) -> Iterator[Row]:
    """Yield the finished row of each job, ``jobs`` of them at a time."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the server, which no one has started yet
    os.environ["PYTHONSAFEPATH"] = "1"  # it imports nothing from where we stand
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "mlcourse.grading.plugin"])
    running: dict[Connection, tuple[ForkServerProcess, Row, float, int]] = {}
    nurseries: dict[int, Nursery] = {}
    try:
        while todo or running:
            while todo and len(running) < jobs:
                row, job = todo.popleft()
                place = min(set(range(jobs)) - {held for *_, held in running.values()})
                ready = nurseries[place] = _ready(nurseries.pop(place, None), job)
                ours, theirs = context.Pipe(duplex=False)
                job = replace(job, nursery=ready.path)
                process = context.Process(target=_grade, args=(job, theirs))
                process.start()
                theirs.close()
                until = time.monotonic() + job.patience
                running[ours] = (process, row, until, place)
            for connection in wait(list(running), timeout=1.0):
                assert isinstance(connection, Connection)
                process, row, *_ = running.pop(connection)
                yield row | _result(connection, process)
            for process, _, until, _ in running.values():
                if time.monotonic() > until:
                    process.kill()  # its connection then says so
    finally:
        for process, *_ in running.values():
            process.kill()
            process.join()
        for nursery in nurseries.values():
            nursery.stop()


def _ready(nursery: Nursery | None, job: Job) -> Nursery:
    """Return a nursery for a job: the last one, if it is fit for it and still lives."""
    if nursery and nursery.box == job.box and nursery.alive():
        return nursery
    if nursery:
        nursery.stop()
    return Nursery(job.box)


def _grade(job: Job, connection: Connection) -> None:
    """Grade in a process forked from the server, which has imported all this."""
    from mlcourse.grading import plugin

    gc.freeze()  # pytest collects garbage: what the server imported is none
    plugin.grade(job, connection)


def _result(connection: Connection, process: ForkServerProcess) -> Row:
    """Return what a process sent; if it sent nothing, that is our error."""
    with connection:
        try:
            result: Row = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            result = {"status": "grader_error"}
        process.join()
    if result.get("fatal"):
        raise CheckError(result["fatal"])
    if not result.get("checks"):
        died = f"the process that checks ended with {process.exitcode}"
        result = {"status": "grader_error", "reason": result.get("reason") or died}
    return result

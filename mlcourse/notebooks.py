"""Run a notebook in a fresh kernel of this very Python; save it in one step."""

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError


class CellError(Exception):
    """A cell raised, ran too long, or took its kernel down."""


def run_notebook(
    path: Path,
    *,
    on_cell: Callable[[int, int], object] = lambda done, total: None,
    timeout: int = 300,
) -> nbformat.NotebookNode:
    """Execute path's cells in order, beside it, and return the notebook with outputs.

    on_cell(done, total) is called as cells finish; timeout is in seconds a cell. Raises
    CellError with the cell's number and the last line of its traceback. The file is
    not touched.
    """
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)  # the last run's; a new one is kept if any
    reached = 0

    def on_start(cell: object, cell_index: int) -> None:
        nonlocal reached
        reached = cell_index + 1

    client = NotebookClient(
        notebook,
        # Not the user's kernel "python3", which may be another Python: this very one.
        km=AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[])),
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=on_start,
        on_cell_complete=lambda cell, cell_index: on_cell(
            cell_index + 1, len(notebook.cells)
        ),
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        _execute(client)
    except CellExecutionError as error:
        raise CellError(f"cell {reached}: {error.ename}: {error.evalue}") from error
    except (CellTimeoutError, DeadKernelError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CellError(f"cell {reached}: {reason}") from error
    return notebook


def _execute(client: NotebookClient) -> None:
    """Run client in a thread, so that Ctrl-C reaches us, not nbclient's own handler.

    Its arrays are small: one thread a kernel is faster than several that wait.
    """
    env = {"OMP_NUM_THREADS": "1", **os.environ}
    failures: list[Exception] = []

    def execute() -> None:
        try:
            client.execute(env=env)
        except Exception as error:
            failures.append(error)

    thread = Thread(target=execute)
    try:
        thread.start()
        thread.join()
    except KeyboardInterrupt:
        _stop(client, thread)
        raise
    if failures:
        raise failures[0]


def _stop(client: Any, thread: Thread) -> None:
    """Kill the kernel as soon as there is one, until nothing waits for it."""
    while thread.is_alive():
        provisioner = client.km and client.km.provisioner
        if process := getattr(provisioner, "process", None):
            process.kill()
        thread.join(0.05)
    atexit.unregister(client._cleanup_kernel)  # which it forgets if the start failed


def save_notebook(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write notebook to path in one step: the old file stays whole until the end."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of this run
    partial = path.with_name(path.name + ".part")
    try:
        nbformat.write(notebook, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

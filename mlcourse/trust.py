"""Trust the lectures as they were released: JupyterLab shows their sliders at once.

JupyterLab shows the outputs of others only where a notebook is signed. Signed here is a
lecture that is, outputs and all, what `mlcourse release` has put on record; one that
somebody has changed since, or that came from elsewhere, is left as it is.
"""

import hashlib
import json
import sqlite3
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

#: What is on record: a fingerprint of each lecture, by its name.
RELEASED = Path(__file__).with_name("released.json")


def record(root: Path) -> bytes:
    """Return what RELEASED must hold for the lectures of the course in ``root``."""
    paths = sorted((root / "lectures").glob("*.ipynb"))
    found = {path.name: _fingerprint(path.read_bytes()) for path in paths}
    return (json.dumps(found, indent=1) + "\n").encode()


def sign(root: Path) -> list[str]:
    """Sign the lectures in ``root`` that are on record; return their names.

    The signatures are in this person's folder of Jupyter, not in the notebooks.

    Raises
    ------
    OSError
        if nothing can be written there.
    """
    known = json.loads(RELEASED.read_bytes())
    signed = []
    notary = NotebookNotary()
    Path(notary.data_dir).mkdir(parents=True, exist_ok=True)
    try:
        for path in sorted((root / "lectures").glob("*.ipynb")):
            content = path.read_bytes()
            if known.get(path.name) == _fingerprint(content):
                notary.sign(nbformat.reads(content.decode(), as_version=4))
                signed.append(path.name)
    except sqlite3.Error as error:
        raise OSError(f"{notary.db_file}: {error}") from error
    finally:
        notary.store.close()
    return signed


def _fingerprint(content: bytes) -> str:
    """Return a fingerprint of all that a notebook says; empty where it is none.

    Git may have changed the ends of its lines: these say nothing.
    """
    try:
        said = json.dumps(json.loads(content), sort_keys=True)
    except (ValueError, RecursionError):
        return ""
    return hashlib.sha256(said.encode()).hexdigest()

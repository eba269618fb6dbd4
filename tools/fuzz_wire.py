"""Coverage-guided fuzzing of the wire; outside the normal test run.

    fuzz/bin/python tools/fuzz_wire.py -max_total_time=600 [CORPUS]

in an environment with atheris, NumPy, torch and safetensors, and the repository on
PYTHONPATH. A frame is a value or a WireError; a value goes out and comes in the same.
"""

import sys
import types
from pathlib import Path

import atheris

# The chapters are not needed here, nor is what they import.
package = types.ModuleType("mlcourse")
package.__path__ = [str(Path(__file__).parents[1] / "mlcourse")]
inner = types.ModuleType("mlcourse.grading")
inner.__path__ = [f"{package.__path__[0]}/grading"]
sys.modules |= {"mlcourse": package, "mlcourse.grading": inner}
with atheris.instrument_imports(include=["mlcourse", "json"]):
    from mlcourse.grading import wire

SEEDS = [
    *(None, True, -3, 0.5, "text", [1, [2]], (1, (2,)), {"key": [None]}, [], {}),
    wire.torch.arange(6.0).view(2, 3),
    wire.np.ones((2, 0), dtype="<f4"),
    {"a": (wire.torch.tensor(True), wire.np.arange(3, dtype="u1"))},
]


def one(data: bytes) -> None:
    """Decode what may be a whole frame, or a tree and a blob with right lengths."""
    for frame in (data, wire.HEADER.pack(len(data), 0) + data, with_blob(data)):
        try:
            value = wire.decode(frame)
        except wire.WireError:
            continue
        again = wire.decode(wire.encode(value))
        if repr(again) != repr(value):
            raise AssertionError(f"{value!r} came back as {again!r}")


def with_blob(data: bytes) -> bytes:
    """Return a frame of a tree with one tensor, and the data as its blob."""
    tree = b'{"tensor":0}'
    return wire.HEADER.pack(len(tree), len(data)) + tree + data


if __name__ == "__main__":
    corpus = next((Path(a) for a in sys.argv[1:] if not a.startswith("-")), None)
    if corpus:
        corpus.mkdir(exist_ok=True)
        for number, seed in enumerate(SEEDS):
            (corpus / f"seed{number}").write_bytes(wire.encode(seed))
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()

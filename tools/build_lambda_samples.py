"""Writes what Python's releases compile of functions that Lambda layers have: test data.

    python tools/build_lambda_samples.py PYTHON3.6 PYTHON3.7 PYTHON3.8 ...

Nothing of it is called: an interpreter compiles the texts and gives the code as Keras stores it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "tests" / "data" / "migration" / "lambda_byte_code.json"
# Each with the operations of Keras 3 that it is on an input of three axes: examples, 3, 4.
SOURCES = {
    "lambda x: x * 2 + 1": "Multiply Add",
    "lambda x: (x - 127.5) / 127.5": "Subtract TrueDivide",
    "lambda x: 1 - x % 2": "Mod Subtract",
    "lambda x: -x": "Negative",
    "lambda x: tf.nn.relu(x)": "Relu",
    "lambda x: K.sum(x, axis=1)": "Sum",
    "lambda x: K.mean(x, axis=[1, 2], keepdims=True)": "Mean",
    "lambda x: x[:, 0]": "GetItem",
    "lambda x: x[:, 1:, ::2]": "GetItem",
    "lambda x: x[..., tf.newaxis]": "GetItem",
    "lambda x: K.permute_dimensions(x, (0, 2, 1))": "Transpose",
    "lambda x: K.concatenate([x, x * 2], axis=-1)": "Multiply Concatenate",
    "lambda x: tf.reshape(x, [tf.shape(x)[0], -1])": "Reshape",
    "lambda x: tf.reshape(x, (-1, x.shape[1] * x.shape[2]))": "Reshape",
    "lambda x: tf.cast(x > 0, tf.float32)": "Greater Cast",
    "lambda x, a=2, b=3.0: x * a + b": "Multiply Add",
    "lambda x: tf.pad(x, [[0, 0], [1, 1], [0, 0]])": "Pad",
    "lambda x: x @ tf.transpose(x, [0, 2, 1])": "Transpose Matmul",
    "lambda x: x * np.pi": "Multiply",
    "lambda x: tf.split(x, 2, axis=-1)[1]": "Split",
    "lambda x: tf.where(x > 0, x, 0.1 * x)": "Greater Multiply Where",
    "lambda x: tf.unstack(x, axis=1)[0]": "Split Squeeze Squeeze Squeeze",
    "lambda x: x.get_shape().as_list()[1] * x": "Multiply",
    "lambda x: x": "Copy",
}
_QUESTION = """
import base64, json, marshal, platform, sys
codes = [base64.b64encode(marshal.dumps(eval(compile(one, "model.py", "eval")).__code__)).decode()
         for one in json.load(sys.stdin)]
print(json.dumps([".".join(platform.python_version_tuple()[:2]), codes]))
"""


def asked(python: str) -> tuple[str, list[str]]:
    """Let an interpreter compile the functions."""
    answer = subprocess.run(
        [python, "-I", "-c", _QUESTION],
        input=json.dumps(list(SOURCES)).encode(),
        capture_output=True,
        check=True,
    )
    minor, codes = json.loads(answer.stdout)
    return minor, codes


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    found = dict(asked(python) for python in options.pythons)
    record = [
        {"source": source, "operations": made, "codes": {v: c[at] for v, c in found.items()}}
        for at, (source, made) in enumerate(SOURCES.items())
    ]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

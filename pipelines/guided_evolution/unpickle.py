"""Read one table of NAS-Bench-Graph from its pickle; run alone, in a process of its own.

Standard input holds the pickle, standard output gets JSON: ``{code: [validation, test]}``. A pickle
is a program. This one may make numbers of NumPy and nothing else.
"""

from __future__ import annotations

import io
import json
import pickle
import sys
from typing import Any

ALLOWED = {
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy", "dtype"),
}


class Numbers(pickle.Unpickler):
    """Refuses every name but those of NumPy's numbers."""

    def find_class(self, module: str, name: str) -> Any:
        """The object of that name, where it is allowed.

        Raises:
            pickle.UnpicklingError: it is not.
        """
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is refused")
        return super().find_class(module, name)


def read(data: bytes) -> dict[str, list[float]]:
    """Validation and test accuracy by the code of each architecture."""
    found = Numbers(io.BytesIO(data)).load()
    return {
        str(int(code)): [float(row["valid_perf"]), float(row["perf"])]
        for code, row in found.items()
    }


if __name__ == "__main__":
    json.dump(read(sys.stdin.buffer.read()), sys.stdout)

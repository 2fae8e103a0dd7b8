"""The command as a module: ``python -m measurand``, ``torchrun -m measurand train S``."""

from __future__ import annotations

import sys

from measurand.cli import main

if __name__ == "__main__":
    sys.exit(main())

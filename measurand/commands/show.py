"""``measurand list`` and ``measurand show S``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from measurand import params, project
from measurand.arguments import Parser
from measurand.tables import Table


def main(argv: Sequence[str]) -> int:
    """List the systems, or print one system's front page, parameters, tables and files."""
    verb, rest = argv[0], argv[1:]
    return _list(rest) if verb == "list" else _show(rest)


def _list(argv: Sequence[str]) -> int:
    Parser("measurand list", description="The systems here.").parse_args(argv)
    root = project.find_root()
    for name in project.systems(root):
        system = project.system(root, name)
        summary = (system.module("schemas").__doc__ or "").strip().splitlines()[0]
        state = "reported" if (system.reports / "report.html").exists() else "not run"
        print(f"{name:<18} {state:<9} {summary}")
    return 0


def _show(argv: Sequence[str]) -> int:
    parser = Parser("measurand show", description="One system.")
    parser.add_argument("system", help="a system's name, see `measurand list`")
    parser.add_argument("--tables", action="store_true", help="print the data dictionary")
    args = parser.parse_args(argv)
    root = project.find_root()
    system = project.system(root, args.system)
    if args.tables:
        tables = [t for t in vars(system.module("tables")).values() if isinstance(t, Table)]
        print("\n".join(t.dictionary() for t in tables))
        return 0
    print((system.module("schemas").__doc__ or "").strip())
    print(f"\nparameters ({system.params.relative_to(root)}):")
    given = params.read(system.params, system.module("params").Params)
    print(json.dumps(given.model_dump(mode="json"), indent=2))
    for label, path in (("dataset", system.dataset), ("results", system.results)):
        print(f"{label}: {path.relative_to(root)} {'' if path.exists() else '(not built)'}")
    report = system.reports / "report.html"
    print(f"report: {report.relative_to(root)} {'' if report.exists() else '(not built)'}")
    return 0

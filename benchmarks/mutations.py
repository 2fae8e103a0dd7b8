"""Small changes of Python code, as operators on its syntax tree: :mod:`mutation` applies them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

UNITS = {"clusters", "by", "units", "items", "rows", "columns", "groups"}
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum"}
NAMES["maximum"] = "minimum"
KEYED = {"group_by", "over", "join", "unique", "sort"}
Site = tuple[ast.AST, str, str, range]
"""Node, function, kind, and the lines of the statement."""


def sites(tree: ast.Module) -> Iterator[Site]:
    """All that can be changed."""
    for top in tree.body:
        whole = isinstance(top, ast.Assign) and isinstance(top.value, ast.Constant)
        if whole and _kind(top.value) == "number":
            yield top.value, "", "number", _lines(top)
        if isinstance(top, ast.FunctionDef):
            yield from _inside(top, top.name)
        if isinstance(top, ast.ClassDef):
            for one in top.body:
                if isinstance(one, ast.FunctionDef):
                    yield from _inside(one, f"{top.name}.{one.name}")


def _inside(function: ast.FunctionDef, name: str) -> Iterator[Site]:
    ahead: list[tuple[ast.AST, ast.AST | None]] = [(one, None) for one in function.body]
    columns = sorted({c.value for node in ast.walk(function) if (c := _column(node)) is not None})
    while ahead:
        node, whole = ahead.pop()
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
            continue
        if whole is None and (isinstance(node, ast.expr) or not hasattr(node, "body")):
            whole = node
        if kind := _kind(node):
            yield node, name, kind, _lines(whole or node)
        if (column := _column(node)) is not None and len(columns) > 1:
            other = columns[(columns.index(column.value) + 1) % len(columns)]
            column.other = other  # type: ignore[attr-defined]
            yield column, name, "another column", _lines(whole or node)
        shown = [node.value] if isinstance(node, ast.AnnAssign) else ast.iter_child_nodes(node)
        ahead += [(one, whole) for one in shown if one is not None]


def _lines(node: ast.AST) -> range:
    """Lines of a statement, of a compound one its head: a tracer may see any of them."""
    if isinstance(node, ast.If):
        node = node.test
    nodes = [n for n in ast.walk(node) if hasattr(n, "lineno")]
    return range(min(n.lineno for n in nodes), 1 + max(n.end_lineno or n.lineno for n in nodes))


def _kind(node: ast.AST) -> str | None:
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            return "comparison"
        case ast.BinOp(left=ast.Constant(value=str())) | ast.BinOp(left=ast.JoinedStr()):
            return None
        case ast.BinOp(op=op) if type(op) in SWAPS:
            return "arithmetic"
        case ast.BoolOp():
            return "boolean"
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            return "sign"
        case ast.If() | ast.IfExp():
            return "condition"
        case ast.Constant(value=bool()):
            return "truth value"
        case ast.Constant(value=int() | float()):
            return "number"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in NAMES:
            return "min for max"
        case ast.Slice(lower=low, upper=high) if low or high:
            return "slice"
    return _data_kind(node)


def _data_kind(node: ast.AST) -> str | None:
    """Kinds of code on tables: units, filters, keys, arguments."""
    match node:
        case ast.Call(keywords=given) if any(k.arg in UNITS for k in given):
            return "units left out"
        case ast.comprehension(ifs=[_, *_]) | ast.Call(func=ast.Attribute(attr="filter")):
            return "filter dropped"
        case ast.Call(func=ast.Attribute(attr=name)) if name in KEYED and _keys(node):
            return "key dropped"
        case ast.Call(args=[ast.Name(id=one), ast.Name(id=other), *_]) if one != other:
            return "arguments swapped"
    return None


def _column(node: ast.AST) -> ast.Constant | None:
    """The name of a column that an expression reads: ``x["name"]`` or ``pl.col("name")``."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str()) as found, ctx=ast.Load()):
            return found
        case ast.Call(func=ast.Attribute(attr="col"), args=[ast.Constant(value=str()) as found]):
            return found
    return None


def _keys(node: ast.Call) -> list[ast.expr] | None:
    """The list of several keys, in place, that a call groups, joins or sorts by."""
    lists = [k.value for k in node.keywords if k.arg in ("on", "by", "subset")] + node.args[:2]
    for one in lists:
        if isinstance(one, ast.List | ast.Tuple) and len(one.elts) > 1:
            return one.elts
    several = len(node.args) > 1 and all(isinstance(a, ast.Constant) for a in node.args)
    return node.args if several else None


def change(node: Any, kind: str) -> None:
    """Make the change in place."""
    if kind == "comparison":
        node.ops = [SWAPS[type(node.ops[0])]()]
    elif kind in ("arithmetic", "boolean"):
        node.op = SWAPS[type(node.op)]()
    elif kind == "sign":
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        if isinstance(node.op, ast.Not):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif kind == "condition":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif kind == "truth value":
        node.value = not node.value
    elif kind == "number":
        whole = isinstance(node.value, int)
        node.value = {0: 1, 1: 0}.get(node.value, node.value + 1) if whole else _other(node.value)
    elif kind == "min for max":
        name = "id" if isinstance(node.func, ast.Name) else "attr"
        setattr(node.func, name, NAMES[getattr(node.func, name)])
    elif kind == "slice":
        end = "upper" if node.upper else "lower"
        setattr(node, end, ast.BinOp(getattr(node, end), ast.Add(), ast.Constant(1)))
    else:
        _change_data(node, kind)


def _change_data(node: Any, kind: str) -> None:
    if kind == "units left out":
        node.keywords = [k for k in node.keywords if k.arg not in UNITS]
    elif kind == "filter dropped" and isinstance(node, ast.comprehension):
        node.ifs = []
    elif kind == "filter dropped":
        node.args, node.keywords = [ast.Constant(True)], []
    elif kind == "key dropped":
        (_keys(node) or []).pop()
    elif kind == "another column":
        node.value = node.other
    elif kind == "arguments swapped":
        node.args[:2] = node.args[1::-1]


def _other(value: float) -> float:
    return 2 * value if value else 1.0

"""What a generated program may be made of: everything else is refused before it runs.

The program's syntax tree is walked, and each node must be one that is named here. This is the first
of two walls; behind it stands :mod:`pipelines.webagent.sandbox`, which needs no list of evil.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from measurand.web.server import HOST

ORIGIN = f"http://{HOST}/"
MOST_CHARS, MOST_NODES, MOST_TEXT, MOST_NUMBER = 6_000, 800, 2_000, 1_000_000
MOST_TURNS = 50
LONGEST_SLEEP, LONGEST_WAIT = 2, 20
NAMES = frozenset({"driver", "By", "Keys", "Select", "WebDriverWait", "EC", "time"})
"""What a program is given."""
FUNCTIONS = frozenset({"Select", "WebDriverWait", "len", "str", "int", "range", "enumerate"})
"""What it may call by name."""
METHODS = frozenset(
    {
        "back", "clear", "click", "deselect_all", "deselect_by_visible_text", "endswith",
        "find_element", "find_elements", "forward", "get", "get_attribute", "is_displayed",
        "is_enabled", "is_selected", "lower", "refresh", "select_by_index", "select_by_value",
        "select_by_visible_text", "send_keys", "split", "startswith", "strip", "until",
        "until_not", "upper",
    }
)  # fmt: skip
PROPERTIES = frozenset(
    {"all_selected_options", "current_url", "first_selected_option", "options", "tag_name", "text",
     "title"}
)  # fmt: skip
CONDITIONS = frozenset(
    {
        "element_to_be_clickable", "presence_of_all_elements_located",
        "presence_of_element_located", "text_to_be_present_in_element", "title_contains",
        "url_contains", "visibility_of_element_located",
    }
)  # fmt: skip
WAYS = frozenset(
    {"ID", "XPATH", "LINK_TEXT", "PARTIAL_LINK_TEXT", "NAME", "TAG_NAME", "CLASS_NAME",
     "CSS_SELECTOR"}
)  # fmt: skip
SCRIPTS = frozenset(
    {"execute", "execute_async_script", "execute_cdp_cmd", "execute_script", "pin_script", "script"}
)
FORMATS = frozenset({"format", "format_map"})
KEYWORDS = frozenset({"by", "value", "timeout"})
_STATEMENTS = (
    ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.If, ast.For, ast.Pass, ast.Break,
    ast.Continue,
)  # fmt: skip
_EXPRESSIONS = (
    ast.Attribute, ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.Constant, ast.FormattedValue,
    ast.GeneratorExp, ast.IfExp, ast.JoinedStr, ast.Lambda, ast.List, ast.ListComp, ast.Name,
    ast.Slice, ast.Subscript, ast.Tuple, ast.UnaryOp,
)  # fmt: skip
_PARTS = (
    ast.expr_context, ast.boolop, ast.cmpop, ast.Not, ast.USub, ast.Add, ast.Sub, ast.keyword,
    ast.comprehension, ast.arguments, ast.arg,
)  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why a program is not run.

    Attributes:
        rule: name of the rule, for tables.
        detail: where and what, in words.
    """

    rule: str
    detail: str


def refusal(program: str) -> Refusal | None:
    """The first rule that a program breaks; None where it may run."""
    if len(program) > MOST_CHARS:
        return Refusal("size", f"{len(program)} characters, {MOST_CHARS} at most")
    try:
        tree = ast.parse(program)
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Refusal("syntax", str(error)[:200])
    if len(nodes) > MOST_NODES:
        return Refusal("size", f"{len(nodes)} nodes, {MOST_NODES} at most")
    try:
        _Walk(nodes).walk(tree, 1)
    except _Refused as refused:
        return refused.refusal
    return None


class _Refused(Exception):
    def __init__(self, rule: str, node: ast.AST, said: str) -> None:
        super().__init__(rule)
        self.refusal = Refusal(rule, f"line {getattr(node, 'lineno', 0)}: {said}"[:200])


class _Walk:
    """Walks a tree; ``turns`` is how often what it stands in is run."""

    def __init__(self, nodes: list[ast.AST]) -> None:
        self._local = {
            node.id
            for node in nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        } | {node.arg for node in nodes if isinstance(node, ast.arg)}

    def walk(self, node: ast.AST, turns: int) -> None:
        if not isinstance(node, (*_STATEMENTS, *_EXPRESSIONS, *_PARTS)):
            rule = "import" if isinstance(node, ast.Import | ast.ImportFrom) else "statement"
            rule = "operator" if isinstance(node, ast.operator | ast.unaryop) else rule
            raise _Refused(rule, node, type(node).__name__)
        check = getattr(self, f"_{type(node).__name__.lower()}", None)
        if check is not None:
            check(node)
        if isinstance(node, ast.For):
            turns = self._looped(node.iter, turns)
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            for part in node.generators:
                turns = self._looped(part.iter, turns)
        for child in ast.iter_child_nodes(node):
            self.walk(child, turns)

    def _name(self, node: ast.Name) -> None:
        if node.id.startswith("_"):
            raise _Refused("private", node, node.id)
        if isinstance(node.ctx, ast.Store):
            if node.id in NAMES | FUNCTIONS:
                raise _Refused("name", node, f"{node.id} is given and stays what it is")
        elif node.id not in NAMES | FUNCTIONS | self._local:
            raise _Refused("name", node, node.id)

    def _arg(self, node: ast.arg) -> None:
        if node.arg.startswith("_") or node.arg in NAMES | FUNCTIONS:
            raise _Refused("name", node, node.arg)

    def _attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        if name.startswith("_"):
            raise _Refused("private", node, name)
        if name in SCRIPTS:
            raise _Refused("script", node, name)
        if name in FORMATS:
            raise _Refused("format", node, name)
        if not isinstance(node.ctx, ast.Load):
            raise _Refused("statement", node, f"{name} is set")
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        known = {"By": WAYS, "EC": CONDITIONS, "time": frozenset({"sleep"})}.get(base)
        if base == "Keys":
            if not name.isupper():
                raise _Refused("attribute", node, name)
        elif name not in (METHODS | PROPERTIES if known is None else known):
            raise _Refused("attribute", node, name)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Name):
            if function.id not in FUNCTIONS:
                raise _Refused("call", node, function.id)
            self._waits(function.id, node)
        elif isinstance(function, ast.Attribute):
            if function.attr in PROPERTIES:
                raise _Refused("call", node, function.attr)
            self._told(function, node)
        else:
            raise _Refused("call", node, type(function).__name__)
        for keyword in node.keywords:
            if keyword.arg not in KEYWORDS:
                raise _Refused("call", node, str(keyword.arg))

    def _waits(self, name: str, node: ast.Call) -> None:
        if name == "WebDriverWait":
            said = [*node.args[1:], *(word.value for word in node.keywords)]
            if len(said) != 1 or not _number(said[0], LONGEST_WAIT):
                raise _Refused("wait", node, f"wait {LONGEST_WAIT} s at most")

    def _told(self, function: ast.Attribute, node: ast.Call) -> None:
        base = function.value.id if isinstance(function.value, ast.Name) else ""
        said = node.args[0] if len(node.args) == 1 else None
        if base == "time" and (said is None or not _number(said, LONGEST_SLEEP)):
            raise _Refused("sleep", node, f"sleep {LONGEST_SLEEP} s at most, by a number")
        if function.attr == "get" and not self._here(said):
            raise _Refused("address", node, f"only {ORIGIN}...")

    def _here(self, said: ast.expr | None) -> bool:
        if isinstance(said, ast.Attribute):
            return said.attr == "current_url"
        return isinstance(said, ast.Constant) and str(said.value).startswith(ORIGIN)

    def _constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and len(value) > MOST_TEXT:
            raise _Refused("constant", node, f"a text of {len(value)} characters")
        if isinstance(value, int | float) and not abs(value) <= MOST_NUMBER:
            raise _Refused("constant", node, "a large number")
        if isinstance(value, bytes | complex) or value is Ellipsis:
            raise _Refused("constant", node, type(value).__name__)

    def _binop(self, node: ast.BinOp) -> None:
        if not isinstance(node.op, ast.Add | ast.Sub):
            raise _Refused("operator", node, type(node.op).__name__)
        if not any(isinstance(side, ast.Constant) for side in (node.left, node.right)):
            raise _Refused("growth", node, "one side of a sum must be written out")

    def _augassign(self, node: ast.AugAssign) -> None:
        if not isinstance(node.value, ast.Constant):
            raise _Refused("growth", node, "what is added must be written out")

    def _formattedvalue(self, node: ast.FormattedValue) -> None:
        if node.format_spec is not None:
            raise _Refused("format", node, "a width or a form of a number")

    def _joinedstr(self, node: ast.JoinedStr) -> None:
        if sum(isinstance(part, ast.FormattedValue) for part in node.values) > 1:
            raise _Refused("growth", node, "one value in a text at most")

    def _lambda(self, node: ast.Lambda) -> None:
        plain = node.args
        if len(plain.args) != 1 or plain.vararg or plain.kwarg or plain.defaults:
            raise _Refused("statement", node, "a function of one value only")

    def _looped(self, over: ast.expr, turns: int) -> int:
        """Turns of a loop's body.

        Raises:
            _Refused: they are not known to be few.
        """
        bound = _bound(over)
        if bound is None or turns * bound > MOST_TURNS:
            raise _Refused("loop", over, f"{MOST_TURNS} turns at most, known beforehand")
        return turns * max(bound, 1)


def _bound(over: ast.expr) -> int | None:
    """Most turns of a loop over something; None where that is not written in it."""
    if isinstance(over, ast.List | ast.Tuple):
        return len(over.elts)
    if isinstance(over, ast.Constant) and isinstance(over.value, str):
        return len(over.value)
    if isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice):
        top = over.slice.upper
        value = top.value if isinstance(top, ast.Constant) else None
        return value if isinstance(value, int) and value >= 0 else None
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Name):
        if over.func.id == "enumerate" and len(over.args) == 1:
            return _bound(over.args[0])
        if over.func.id == "range" and all(_number(said, MOST_TURNS) for said in over.args):
            said = [word.value for word in over.args]  # type: ignore[attr-defined]
            whole = all(isinstance(one, int) for one in said) and 1 <= len(said) <= 3
            return len(range(*said)) if whole and 0 not in said[2:] else None
    return None


def _number(node: ast.expr, most: float) -> bool:
    """Whether it is a number that is written out, from 0 to ``most``."""
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most

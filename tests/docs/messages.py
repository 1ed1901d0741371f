"""Every message that the package can raise or say, collected from its source.

A message is known by its first line, as a template in which `{}` stands for each value.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGE = Path(__file__).resolve().parents[2] / "upvest_provider"

SAYING = {"say": 0, "_say": 0, "Fault": 1, "_Fault": 0, "refuse": 0, "_refused": 0, "BadParameter": 0, "kind": 0}
"""What takes a message, and as which argument: what says it, and what carries the words of a check."""

WORDS = {
    ("verification.py", "_failure"),  # why a test delivery proves nothing; follows `the test delivery failed`
    ("rules.py", "_doubts_of_title"),  # what `warning: webhook NAME:` is followed by
    ("rules.py", "_doubts_of_categories"),
    ("rules.py", "_doubts_of_config"),
    ("probes/tls_judgement.py", "_expiring_soon"),  # what `tls: warning:` is followed by
    ("probes/tls_judgement.py", "_warning"),
    ("probes/dns_doubts.py", ""),  # the whole module; what `dns: warning:` is followed by
}
"""Functions that give the words of a message to one of those above."""

TABLES = {("options.py", "_REASONS")}
"""Mappings whose values are such words."""

COMPOSED = {
    "CNAME loop: {}": "probes/dns_refusals.py",
    "CNAME chain too long: {}": "probes/dns_refusals.py",
    "{}, at {}; {} more failed otherwise": "probes/tls_judgement.py",
    "{}, over IPv6, which is not required: {}": "probes/tls_judgement.py",
    "webhook {}: url {}": "cli/adoption.py",
    "the provider process said {}, not its port": "testing/servicer.py",
    "the program ended with exit code {}": "testing/rehearsal.py",
}
"""Messages that are put together in more than one step, with the module that does it."""

NO_MESSAGES = {
    "single_flight.py": "wakes waiting threads",
    "probes/finding.py": "a class that carries words of others",
}
"""Modules without a person at their end."""

NO_RULES = {
    "local/field_rules.py": "what the local API's own 400 says; see `Upvest answered STATUS`",
    "local/faults.py": "the same, of its control interface; see `the local API refused`",
}
"""Modules whose texts that start with 'must' are no faults of a declaration."""

OF_PYTHON = {"ValueError", "RuntimeError", "FileNotFoundError"}
"""Exceptions that the package raises and did not make."""


@cache
def collected() -> Mapping[str, list[str]]:
    """The templates of all messages, each with its places."""
    found: dict[str, list[str]] = {}
    trees = {file: ast.parse(file.read_text()) for file in sorted(PACKAGE.rglob("*.py"))}
    errors = _exceptions(trees.values())
    for file, tree in trees.items():
        name = file.relative_to(PACKAGE).as_posix()
        if name in NO_MESSAGES:
            continue
        for node in _in(tree, name, errors):
            for template in _templates(node):
                first = template.partition("\n")[0].strip()
                place = f"{name}:{node.lineno}"
                if re.search(r"[a-z]{2,}", first) and place not in found.setdefault(first, []):
                    found[first].append(place)
    return found


def exceptions() -> set[str]:
    """The names of the package's own exceptions."""
    trees = [ast.parse(file.read_text()) for file in sorted(PACKAGE.rglob("*.py"))]
    return _exceptions(trees) - OF_PYTHON


def _exceptions(trees: Iterable[ast.Module]) -> set[str]:
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    known = {"Exception", "RunError", *OF_PYTHON}
    while more := {name for name, own in bases.items() if own & known} - known:
        known |= more
    return (known & set(bases)) | OF_PYTHON


def _in(tree: ast.Module, name: str, errors: set[str]) -> Iterator[ast.expr]:
    """The expressions of a module that hold messages."""
    whole = (name, "") in WORDS
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assigned = _assigned(node)
            for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
                for text in _of_call(call, errors):
                    yield from assigned.get(text.id, []) if isinstance(text, ast.Name) else [text]
        if isinstance(node, ast.FunctionDef) and (whole or (name, node.name) in WORDS):
            yield from (part for part in _texts(node, docstrings) if _is_prose(part))
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if (name, ast.unparse(target)) in TABLES:
                yield from node.value.values
    if name not in NO_RULES:
        yield from (text for text in _texts(tree, docstrings) if _is_rule(text))


def _assigned(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """What the variables of a function are set to."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _of_call(call: ast.Call, errors: set[str]) -> Iterator[ast.expr]:
    called = ast.unparse(call.func).rpartition(".")[2]
    place = 0 if called in errors else SAYING.get(called)
    if place is not None and len(call.args) > place:
        yield call.args[place]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if called == "Finding" and ast.unparse(keywords.get("passed", ast.Constant(True))) == "False":
        yield keywords["seen"]
    if called == "print" and ast.unparse(keywords.get("file", ast.Constant(None))) == "sys.stderr":
        yield call.args[0]


def _texts(within: ast.AST, docstrings: set[int]) -> Iterator[ast.expr]:
    inner = {id(part) for node in ast.walk(within) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(within):
        is_whole = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner
        if (
            isinstance(node, ast.expr)
            and id(node) not in docstrings
            and (is_whole or isinstance(node, ast.JoinedStr))
        ):
            yield node


def _is_prose(text: ast.expr) -> bool:
    return any(len(re.findall(r"[a-z]{2,}", template)) > 2 for template in _templates(text))


def _is_rule(text: ast.expr) -> bool:
    return any(template.startswith("must ") for template in _templates(text))


def _templates(text: ast.expr) -> list[str]:
    """The texts that an expression may be, `{}` for each value; none where it is no text of its own."""
    match text:
        case ast.Constant(value=str(value)):
            return [value]
        case ast.JoinedStr(values=parts):
            return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)]  # type: ignore[misc] # texts only
        case ast.IfExp(body=one, orelse=other):
            return [*_templates(one), *_templates(other)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in _templates(left) or ["{}"] for b in _templates(right) or ["{}"]]
        case _:
            return []

# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of `$filter`: `odata-query` parses it, and this file makes a Python function of it (graph-facts 3).

This file refuses every filter that the directory does not serve.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.visitor import NodeVisitor

from .access import Caller
from .directory import Collection, Directory, Resource
from .exchange import GraphError, denied, not_emulated, unsupported_query
from .faults import Quirks
from .properties import ATTRIBUTES, COMPLEX, LISTS, NESTED, PROPERTIES, TYPE_NAMES, shown
from .unserved import is_property

EXPRESSIONS: Final = 15  # of `in` and `or`
RANGED: Final[dict[Collection, str]] = {"users": "userPrincipalName", "servicePrincipals": "displayName"}

Predicate = Callable[[Resource], bool]


def parse(text: str) -> ast._Node:
    """Return the tree of a filter. Raises GraphError (400) for text that is not an OData expression."""
    try:
        return ODataParser().parse(_Lexer().tokenize(text.strip()))
    except exceptions.ODataException as error:
        raise GraphError(400, "BadRequest", f"Invalid filter clause: {error}") from error


class _Lexer(ODataLexer):  # type: ignore[misc] # untyped library
    """The library's lexer, extended by forms that OData and Graph allow.

    `not(`, `in(`, lists of one item, function names in any case, and path segments that begin like a keyword.
    """

    tokens = ODataLexer.tokens
    BOOLEAN = r"(?<!/)(?:true|false)\b"
    NULL = r"(?<!/)null\b"
    NOT = r"not(?:\s+|(?=\())"
    IN = r"\s+in(?:\s+|(?=\())"
    ANY = r"(?<=/)any(?=\()"  # without the parenthesis it begins a name
    ALL = r"(?!)"  # never: no collection here supports it

    def tokenize(self, text: str, *args: Any) -> Iterator[Any]:
        """Yield the tokens in the form that the library's parser needs."""
        tokens = _with_whole_owners(super().tokenize(text, *args))
        for position, token in enumerate(tokens):
            following = [later.type for later in tokens[position + 1 : position + 2]]
            if token.type == "ODATA_IDENTIFIER" and following == ["("]:
                token.value = ast.Identifier(token.value.name.lower(), token.value.namespace)
            if token.type == ")" and _closes_single_item(tokens[:position]):
                # The library writes a list of one in Python's way, with a comma.
                comma = copy.copy(token)
                comma.type = comma.value = ","
                yield comma
            yield token


def _with_whole_owners(tokens: Iterator[Any]) -> list[Any]:
    """Return the tokens with the path before `/any(` as one name: the library fails for more than two names."""
    joined: list[Any] = []
    for token in tokens:
        while token.type == "ANY" and [one.type for one in joined[-4:]] == ["ODATA_IDENTIFIER", "/"] * 2:
            owner, _slash, name, _last = joined[-4:]
            owner.value = ast.Identifier(f"{owner.value.name}/{name.value.name}", owner.value.namespace)
            del joined[-3:-1]
        joined.append(token)
    return joined


def _closes_single_item(before: list[Any]) -> bool:
    """Return whether the tokens end in `in ( literal`: the next parenthesis then closes a list of one."""
    types = [token.type for token in before if token.type != "WS"]
    return types[-3:-1] == ["IN", "("]


class Compiler(NodeVisitor):  # type: ignore[misc] # untyped library
    """Visitor that turns a tree into a predicate.

    `advanced_because` is the message that rejects the filter in a default query.
    """

    def __init__(self, directory: Directory, collection: Collection, caller: Caller, quirks: Quirks) -> None:
        self.directory = directory
        self.collection = collection
        self.caller = caller
        self.quirks = quirks
        self.advanced_because: str | None = None
        self.alternatives = 0  # expressions joined by `or` or listed by `in`
        self.attribute_clauses = 0
        self.mentioned: set[str] = set()  # the properties that the filter reads
        self.ranged = False  # whether it compares a name by ge or le

    def candidates(self, node: ast._Node) -> list[Resource] | None:
        """Return the only principals that can match, if the filter compares indexed names; None: any can match."""
        find: dict[str, Callable[[Collection, str], Resource | None]]
        find = {"id": self.directory.resource, "userPrincipalName": self.directory.by_name}
        plain = isinstance(node, ast.Compare) and isinstance(node.left, ast.Identifier)
        if not plain or not isinstance(node.comparator, (ast.Eq, ast.In)):
            return None
        value = self._literal(node.right, fold=True)
        keys = value if isinstance(value, list) else [value]
        if node.left.name not in find:
            return self.directory.members[self.collection].candidates(node.left.name, map(str, keys))
        found = (find[node.left.name](self.collection, str(key)) for key in dict.fromkeys(keys))
        return [resource for resource in found if resource is not None]

    def visit_BoolOp(self, node: ast.BoolOp) -> Predicate:  # noqa: N802
        """`and`, `or`."""
        clauses = self.attribute_clauses
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.And):
            return lambda principal: left(principal) and right(principal)
        if self.attribute_clauses > clauses and self.quirks.attribute_or == "refuse":
            raise self._refusal(ATTRIBUTES)
        self._count_alternatives(1 if self.alternatives else 2, "OR")
        return lambda principal: left(principal) or right(principal)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Predicate:  # noqa: N802
        """`not`, in front of a comparison, a function or a parenthesis."""
        if not isinstance(node.op, ast.Not) or not isinstance(node.operand, (ast.Compare, ast.Call, ast.BoolOp)):
            raise self._refusal("not")
        operand = self.visit(node.operand)
        self.advanced_because = self.advanced_because or self._refusal("not").message
        return lambda principal: not operand(principal)

    def visit_Compare(self, node: ast.Compare) -> Predicate:  # noqa: N802
        """`eq`, `ne`, `in`, and `ge` and `le` of names."""
        path = self._path(node.left)
        get = self._getter(path)
        if isinstance(node.comparator, (ast.GtE, ast.LtE)) and path == [RANGED.get(self.collection)]:
            return self._range(get, node)
        if path[0] != ATTRIBUTES and not isinstance(node.comparator, (ast.Eq, ast.NotEq, ast.In)):
            raise not_emulated(f"the comparison of '{path[0]}' by ge, le, gt or lt")
        value = self._literal(node.right, fold=path[0] != ATTRIBUTES)
        if path[0] == ATTRIBUTES:
            self._check_type(path, value)
        if isinstance(node.comparator, ast.Eq):
            return lambda principal: _equal(get(principal), value)
        if isinstance(node.comparator, ast.NotEq):
            self.advanced_because = self.advanced_because or self._refusal(path[-1]).message
            return lambda principal: not _equal(get(principal), value)
        if isinstance(node.comparator, ast.In) and path[0] != ATTRIBUTES:
            self._count_alternatives(len(value), "IN")
            return lambda principal: any(_equal(get(principal), item) for item in value)
        raise self._refusal(path[-1])

    def _range(self, get: Callable[[Resource], Any], node: ast.Compare) -> Predicate:
        """Return the test of a name, in no case; an object without it does not pass."""
        border = self._literal(node.right, fold=True)
        if not isinstance(border, str):
            raise self._refusal(str(node.left.name))
        self.ranged = True
        above = isinstance(node.comparator, ast.GtE)

        def passes(resource: Resource) -> bool:
            name = get(resource)
            return isinstance(name, str) and (name >= border if above else name <= border)

        return passes

    def visit_CollectionLambda(self, node: ast.CollectionLambda) -> Predicate:  # noqa: N802
        """`any` of a collection of texts: without a condition, or with `eq`, `in` or `startswith`."""
        path = self._path(node.owner)
        if path[0] == ATTRIBUTES:
            raise self._refusal("/".join(path))  # not documented (graph-facts 3)
        get = self._getter(path)
        if node.lambda_ is None and path[0] in NESTED:
            return lambda principal: bool(get(principal))
        inner = node.lambda_.expression if node.lambda_ is not None else None
        kind: type[ast._Node] | None = None
        if isinstance(inner, ast.Compare) and isinstance(inner.comparator, (ast.Eq, ast.In)):
            kind, operands = ast.Compare, [inner.left, inner.right]
        elif isinstance(inner, ast.Call) and inner.func.name == "startswith":
            kind, operands = ast.Call, inner.args
        if kind is None or path[0] not in LISTS | NESTED or operands[0] != node.lambda_.identifier:
            raise not_emulated(f"this condition on the items of '{'/'.join(path)}'")
        wanted = self._literal(operands[1], fold=True)
        if kind is ast.Compare:
            among = wanted if isinstance(wanted, list) else [wanted]
            return lambda principal: any(_equal(item, text) for item in get(principal) or [] for text in among)
        return lambda principal: any(_starts_with(item, str(wanted)) for item in get(principal) or [])

    def visit_Call(self, node: ast.Call) -> Predicate:  # noqa: N802
        """`startswith`."""
        path = self._path(node.args[0]) if node.args else [""]
        if node.func.name == "endswith" and path[0] != ATTRIBUTES:
            raise not_emulated("endsWith")
        if node.func.name != "startswith":
            raise self._refusal(node.func.name)
        get = self._getter(path)
        prefix = self._literal(node.args[1], fold=path[0] != ATTRIBUTES)
        if not isinstance(prefix, str):
            raise self._refusal(path[-1])
        return lambda principal: _starts_with(get(principal), prefix)

    def generic_visit(self, node: ast._Node) -> Predicate:
        """Reject everything else."""
        raise self._refusal(type(node).__name__)

    def _count_alternatives(self, more: int, operator: str) -> None:
        self.alternatives += more
        if self.alternatives > EXPRESSIONS:
            text = f"Too many child clauses specified in search filter expression containing '{operator}' operators"
            raise unsupported_query(f"{text}: {self.alternatives}. Max allowed: {EXPRESSIONS}.")

    def _literal(self, node: ast._Node, *, fold: bool) -> Any:
        """Return the value of a literal. Only custom security attributes are case-sensitive."""
        if isinstance(node, ast.List):
            return [self._literal(item, fold=fold) for item in node.val]
        if isinstance(node, (ast.String, ast.GUID)):
            return _folded(node.val) if fold else node.val
        if isinstance(node, (ast.Integer, ast.Boolean, ast.Null)):
            return node.py_val
        if isinstance(node, (ast.Date, ast.DateTime)) and fold:
            raise not_emulated("a date in a filter")
        raise self._refusal(type(node).__name__)

    def _path(self, node: ast._Node) -> list[str]:
        if isinstance(node, ast.Identifier):
            return str(node.name).split("/")
        if isinstance(node, ast.Attribute):
            return [*self._path(node.owner), node.attr]
        raise self._refusal(type(node).__name__)

    def _getter(self, path: list[str]) -> Callable[[Resource], Any]:
        """Return the reader of the property at a path. Raises GraphError for a property that cannot be filtered by."""
        self.mentioned.add(path[0])
        if path[0] != ATTRIBUTES:
            name = path[0]
            if is_property(TYPE_NAMES[self.collection], name) and name not in PROPERTIES[self.collection]:
                raise not_emulated(f"the property '{name}'")
            if name in NESTED and name in PROPERTIES[self.collection]:
                return lambda resource: _folded(_at(resource.properties, path))
            if name not in PROPERTIES[self.collection] or len(path) > (2 if name in COMPLEX else 1):
                text = f"Could not find a property named '{'/'.join(path)}' on type '{TYPE_NAMES[self.collection]}'."
                raise GraphError(400, "BadRequest", f"Invalid filter clause: {text}")
            if len(path) == 2:
                self.advanced_because = self.advanced_because or self._refusal("/".join(path)).message
                return lambda principal: _folded((principal.properties.get(name) or {}).get(path[1]))
            return lambda principal: _folded(shown(principal.properties, name))
        if len(path) != 3:
            raise self._refusal("/".join(path))
        set_name, name = path[1:]
        if set_name not in self.caller.readable_assignments:
            raise denied()
        refusal = self._attribute_refusal(set_name, name)
        definition = self.directory.definitions.get((set_name, name))
        if definition is None or (not definition.isSearchable and self.quirks.unsearchable == "refuse"):
            raise refusal
        self.advanced_because = refusal.message
        self.attribute_clauses += 1
        if not definition.isSearchable:
            return lambda principal: None  # it is in no index, so no principal matches
        return lambda principal: principal.visible_attributes().get(set_name, {}).get(name)

    def _check_type(self, path: list[str], value: Any) -> None:
        """Raise GraphError (400) for a literal whose type differs from the attribute's (graph-facts 16)."""
        definition = self.directory.definitions[path[1], path[2]]
        kind = _TYPES.get(definition.type)
        if kind and value is not None and value.__class__ is not kind and self.quirks.mistyped_filter == "refuse":
            raise self._attribute_refusal(*path[1:])

    def _attribute_refusal(self, set_name: str, name: str) -> GraphError:
        return unsupported_query(
            f"Unsupported or invalid query filter clause specified for property '{set_name}_{name}' of resource "
            "'CustomSecurityAttributeValue'."
        )

    def _refusal(self, name: str) -> GraphError:
        resource = TYPE_NAMES[self.collection].rsplit(".", 1)[-1]
        resource = resource[0].upper() + resource[1:]
        return unsupported_query(
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'."
        )


_TYPES: Final = {"String": str, "Integer": int, "Boolean": bool}


def _at(value: Any, path: list[str]) -> Any:
    """Return a member at any depth, or None if it does not exist."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _folded(value: Any) -> Any:
    if isinstance(value, list):
        return [_folded(item) for item in value]
    return value.lower() if isinstance(value, str) else value


def _equal(stored: Any, wanted: Any) -> bool:
    """Compare as Graph does: any element of a collection counts, and a number does not equal a Boolean."""
    if isinstance(stored, list) and wanted is not None:
        return any(_equal(item, wanted) for item in stored)
    return type(stored) is type(wanted) and bool(stored == wanted)


def _starts_with(stored: Any, prefix: str) -> bool:
    items = stored if isinstance(stored, list) else [stored]
    return any(isinstance(item, str) and item.startswith(prefix) for item in items)

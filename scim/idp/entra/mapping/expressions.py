"""The expressions of Entra ID's attribute mapping, as Microsoft's reference describes them.

An expression gives a text for a directory object. The empty text means no value::

    expression = text / [attribute] / number / function
    function   = name "(" argument *("," argument) ")"
    argument   = "" / expression / expression operator expression
    operator   = "=" / "<>" / "<" / "<=" / ">" / ">="
"""

import inspect
import re
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Expression = Callable[[Mapping[str, Any]], str]
Tokens = deque[tuple[str, str]]

# The provisioning service has older names for some properties of Graph.
GRAPH_NAMES = {
    "objectId": "id",
    "physicalDeliveryOfficeName": "officeLocation",
    "telephoneNumber": "businessPhones",
    "mobile": "mobilePhone",
    "facsimileTelephoneNumber": "faxNumber",
}
TOKEN = re.compile(
    r"(?P<role>SingleAppRoleAssignment\(\s*\[appRoleAssignments\]\s*\))"
    r'|"(?P<text>(?:[^"\\]|\\.)*)"|\[(?P<attribute>[^\[\]"]+)\]|(?P<number>-?\d+)'
    r"|(?P<function>[A-Za-z]\w*)\s*\(|(?P<operator><>|<=|>=|[=<>])|(?P<mark>[,)])"
)
OPERATORS = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
PLAIN_REPLACE = [False, False, True, True, False, True, True]  # the arguments that are empty


class ExpressionError(ValueError):
    """An expression has an unknown or misplaced part, and the message names it."""


def _mid(source: str, start: str, length: str) -> str:
    begin = max(int(start) - 1, 0)
    return source[begin : begin + max(int(length), 0)]


def _switch(source: str, default: str, *cases: str) -> str:
    return dict(zip(cases[::2], cases[1::2], strict=True)).get(source, default)


FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "Append": lambda source, suffix: source + suffix,
    "Coalesce": lambda source, *others: next(filter(None, (source, *others)), ""),
    "IIF": lambda condition, yes, no: yes if condition == "True" else no,
    "Join": lambda separator, source, *others: separator.join(filter(None, (source, *others))),
    "Left": lambda source, length: source if int(length) < 0 else source[: int(length)],
    "Mid": _mid,
    "Not": lambda source: str(source != "True"),
    "Replace": lambda source, old, _, __, new, *___: source.replace(old, new) if old else source,
    "Switch": _switch,
    "ToLower": lambda source: source.lower(),
    "ToUpper": lambda source: source.upper(),
    "Trim": lambda source: source.strip(),
}


def evaluate(text: str, source: Mapping[str, Any]) -> str:
    """Return the value of an expression for a directory object."""
    return compile_expression(text)(source)


def list_attributes(text: str) -> list[str]:
    """Return the names of the attributes in an expression."""
    return [value for kind, value in _split(text) if kind == "attribute"]


@lru_cache
def compile_expression(text: str) -> Expression:
    """Return the function that evaluates an expression.

    :raises ExpressionError: the expression has an unknown or misplaced part
    """
    tokens = _split(text)
    try:
        expression = _parse(tokens)
        expression({})  # raises ValueError where a number is needed and there is none
    except ExpressionError:
        raise
    except ValueError:
        raise ExpressionError(f"Left and Mid take numbers: {text}") from None
    except RecursionError:
        raise ExpressionError("functions are nested too deeply") from None
    if tokens:
        raise ExpressionError(f"{tokens[0][1]!r} is one too many in {text}")
    return expression


def _split(text: str) -> Tokens:
    tokens: Tokens = deque()
    rest = text.strip()
    while rest:
        found = TOKEN.match(rest)
        if not found or not found.lastgroup:
            raise ExpressionError(f"{rest!r} is not understood in {text}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        rest = rest[found.end() :].lstrip()
    return tokens


def _parse(tokens: Tokens) -> Expression:
    kind, value = tokens.popleft() if tokens else ("mark", "")
    if kind == "function":
        return _parse_function(value, tokens)
    if kind == "attribute":
        return lambda source: _read_attribute(source, value)
    if kind == "role":
        return _read_role
    if kind in ("text", "number"):
        constant = re.sub(r"\\(.)", r"\1", value)
        return lambda _: constant
    raise ExpressionError(f"a value is missing before {value!r}" if value else "a value is missing")


def _parse_function(name: str, tokens: Tokens) -> Expression:
    arguments = _parse_arguments(tokens)
    if name not in FUNCTIONS:
        raise ExpressionError(f"the function {name} is not known here")
    function = FUNCTIONS[name]
    if name == "Replace" and [each is None for each in arguments] != PLAIN_REPLACE:
        raise ExpressionError('Replace must be Replace(source, "old", , , "new", , )')
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        raise ExpressionError(f"{name} does not take {len(arguments)} arguments") from None
    if name == "Switch" and (len(arguments) % 2 or len(arguments) < 4):
        raise ExpressionError("Switch takes keys and values in pairs")
    return lambda source: function(*(each(source) if each else "" for each in arguments))


def _parse_arguments(tokens: Tokens) -> list[Expression | None]:
    arguments = [_parse_argument(tokens)]
    while tokens and tokens[0] == ("mark", ","):
        tokens.popleft()
        arguments.append(_parse_argument(tokens))
    if not tokens or tokens.popleft() != ("mark", ")"):
        raise ExpressionError("a comma or a closing parenthesis is missing")
    return arguments


def _parse_argument(tokens: Tokens) -> Expression | None:
    if tokens and tokens[0][0] == "mark":
        return None
    left = _parse(tokens)
    if not tokens or tokens[0][0] != "operator":
        return left
    operator = OPERATORS[tokens.popleft()[1]]
    right = _parse(tokens)
    return lambda source: str(_compare(operator, left(source), right(source)))


def _compare(operator: Callable[[Any, Any], bool], left: str, right: str) -> bool:
    """Compare two numbers or texts. As in Entra ID, no comparison with an empty text holds."""
    if left.isdecimal() and right.isdecimal():
        return operator(float(left), float(right))
    return bool(left and right) and operator(left, right)


def _read_attribute(source: Mapping[str, Any], name: str) -> str:
    value = source.get(GRAPH_NAMES.get(name, name))
    if isinstance(value, list):
        value = next(iter(value), None)
    return "" if value is None else str(value)


def _read_role(source: Mapping[str, Any]) -> str:
    """Return the name of one role of a user."""
    roles = source.get("appRoleAssignments")
    return str(roles[0]["displayName"]) if roles else ""

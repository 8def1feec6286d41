"""Filters and PATCH paths, from text to syntax tree: one method per rule of grammar.abnf."""

import json
import math
import re
from dataclasses import dataclass
from typing import get_args

from ..errors import InvalidFilterError, InvalidPathError, ScimError
from ..tolerance import STRICT, Tolerated
from .lexer import Token, tokens
from .nodes import (
    And,
    AttributePath,
    CompareOperator,
    Comparison,
    Filter,
    Not,
    Or,
    Path,
    Present,
    Value,
    ValuePath,
)

ATTRIBUTE = re.compile(
    r"(?:(?P<urn>[A-Za-z][^\s]*):)?(?P<name>[A-Za-z$][\w$-]*)(?:\.(?P<sub>[A-Za-z$][\w$-]*))?",
    re.ASCII,
)
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
OPERATORS: frozenset[str] = frozenset(get_args(CompareOperator))
START = Token("mark", "", 0)
CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Limits:
    """The greatest length (characters), number of comparisons and depth of a filter."""

    length: int = 8192
    terms: int = 200
    depth: int = 10


DEFAULT_LIMITS = Limits()


def parse_filter(
    text: str,
    tolerated: Tolerated = STRICT,
    limits: Limits = DEFAULT_LIMITS,
    is_literal: bool = False,
) -> Filter:
    """Return the syntax tree of ``text`` (RFC 7644 §3.4.2.2).

    With ``is_literal``, a backslash in a text behind ``eq``, not below ``not``, stands for itself.
    Without it, it does so only where the text is no JSON, if the tenant accepts that.

    :raises InvalidFilterError: the text is not a filter; the detail names the position
    """
    if len(text) > limits.length:
        problem = f"the filter has {len(text)} characters"
        raise InvalidFilterError(f"{problem}; this server takes {limits.length}")
    parser = _Parser(text, tolerated, limits, is_literal)
    parser.advance()
    parsed = parser.filter()
    parser.end()
    return parsed


def parse_path(
    text: str,
    tolerated: Tolerated = STRICT,
    limits: Limits = DEFAULT_LIMITS,
    is_literal: bool = False,
) -> Path:
    """Return the target of a PATCH operation (RFC 7644 §3.5.2, Figure 7).

    ``is_literal`` is for the filter inside it, as for ``parse_filter``.

    :raises InvalidPathError: the text is not a path
    :raises InvalidFilterError: the filter inside it is not a filter
    """
    if len(text) > limits.length:
        raise InvalidPathError(f"the path is longer than {limits.length} characters")
    parser = _Parser(text, tolerated, limits, is_literal)
    try:
        parser.advance()
        path = parser.target()
        parser.end()
    except InvalidFilterError as error:
        if parser.in_brackets:
            raise error.within(f"path {text!r}") from None
        raise InvalidPathError(f"path {text!r}: {error.detail}") from None
    return path


def parse_attribute(text: str, position: int = 1) -> AttributePath:
    """Return the attribute that ``text`` names, whether or not a schema has it.

    :raises InvalidFilterError: the text is not in attribute notation (RFC 7644 §3.10)
    """
    match = ATTRIBUTE.fullmatch(text)
    if match is None:
        raise InvalidFilterError(f"position {position}: {text!r} is not an attribute name")
    return AttributePath(match["name"], match["sub"], match["urn"], position)


class _Parser:
    """A recursive descent over the tokens; each method reads one rule and stops behind it."""

    def __init__(self, text: str, tolerated: Tolerated, limits: Limits, is_literal: bool) -> None:
        self.tokens = tokens(text)
        self.token = START
        self.tolerated = tolerated
        self.limits = limits
        self.is_literal = is_literal
        self.negations = 0
        self.terms = 0
        self.in_brackets = False
        self.depth = 0

    def filter(self) -> Filter:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise self.error(f"the filter is nested deeper than {self.limits.depth} levels")
        terms = [self.conjunction()]
        while self.accept("or"):
            terms.append(self.conjunction())
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def conjunction(self) -> Filter:
        terms = [self.term()]
        while self.accept("and"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def term(self) -> Filter:
        if self.accept("not"):
            self.expect("(")
            self.negations += 1
            negated = Not(self.filter())
            self.negations -= 1
            self.expect(")")
            return negated
        if self.accept("("):
            grouped = self.filter()
            self.expect(")")
            return grouped
        return self.expression()

    def expression(self) -> Filter:
        self.terms += 1
        if self.terms > self.limits.terms:
            raise self.error(f"the filter has more than {self.limits.terms} comparisons")
        path = self.target()
        word = self.token.text.lower()
        if self.accept("pr"):
            return Present(path)
        if word in OPERATORS:
            self.advance()
            value = self.value(finds=word == "eq" and not self.negations)
            return Comparison(path, word, value)  # type: ignore[arg-type]
        if isinstance(path, ValuePath) and not path.sub_attribute:
            return path
        raise self.error("expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)")

    def target(self) -> Path:
        token = self.advance("an attribute name")
        if token.kind != "word":
            raise self.error("expected an attribute name", token)
        path = parse_attribute(token.text, token.position)
        if self.token.text != "[":
            return path
        self.in_brackets = True
        self.advance()
        value_filter = self.filter()
        self.in_brackets = self.token.text != "]"
        self.expect("]")
        return ValuePath(path, value_filter, self.sub_attribute())

    def sub_attribute(self) -> str | None:
        token = self.token
        if token.kind != "word" or not token.text.startswith("."):
            return None
        self.advance()
        name = parse_attribute(token.text[1:], token.position + 1)
        if name.sub_attribute or name.urn:
            raise self.error(f"{token.text!r} is not a sub-attribute", token)
        return name.name

    def value(self, finds: bool) -> Value:
        """Read a value; ``finds`` if the comparison can only find too little, never too much."""
        token = self.advance("a value")
        if token.kind == "string" and (token.text[0] == '"' or self.tolerates_bare_text()):
            return self.string(token, finds)
        if token.text in CONSTANTS:
            return CONSTANTS[token.text]
        if NUMBER.fullmatch(token.text):
            return self.number(token)
        if token.kind == "word" and self.tolerates_bare_text():
            return token.text
        raise self.error(f"{token.text} is not a JSON value; put strings in double quotes", token)

    def string(self, token: Token, finds: bool) -> str:
        as_it_stands = token.text[1:-1]
        if token.text[0] == "'" or (finds and self.is_literal):
            return as_it_stands
        try:
            text = str(json.loads(token.text, strict=False))
            text.encode()
        except (ValueError, UnicodeEncodeError):
            if finds and self.tolerated.allows("literal_backslashes"):
                return as_it_stands
            problem = "is not a JSON string; write each backslash twice"
            raise self.error(f"{token.text} {problem}", token) from None
        return text

    def number(self, token: Token) -> int | float:
        number: int | float = json.loads(token.text) if len(token.text) < 100 else math.inf
        if math.isinf(number):
            raise self.error("the number is too large", token)
        return number

    def tolerates_bare_text(self) -> bool:
        return self.tolerated.allows("unquoted_filter_values")

    def accept(self, text: str) -> bool:
        """Step over ``text`` (a keyword or a mark) if it comes next."""
        if self.token.kind == "string" or self.token.text.lower() != text:
            return False
        self.advance()
        return True

    def expect(self, mark: str) -> None:
        if not self.accept(mark):
            raise self.error(f"expected {mark!r}")

    def advance(self, wanted: str = "") -> Token:
        token = self.token
        if token.kind == "end":
            raise self.error(f"expected {wanted}")
        self.token = next(self.tokens)
        return token

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.error("expected the end, 'and' or 'or'")

    def error(self, problem: str, token: Token | None = None) -> ScimError:
        token = token or self.token
        found = f", found {token.text!r}" if token.text and "expected" in problem else ""
        return InvalidFilterError(f"position {token.position}: {problem}{found}")

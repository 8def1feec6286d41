"""The syntax tree of filters and PATCH paths. Every node prints back to legal SCIM text."""

import json
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

CompareOperator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
Value = str | int | float | bool | None
Term_co = TypeVar("Term_co", covariant=True)


@dataclass(frozen=True, slots=True)
class AttributePath:
    """Attribute notation ``urn:name.sub`` (RFC 7644 §3.10)."""

    name: str
    sub_attribute: str | None = None
    urn: str | None = None
    position: int = field(default=1, compare=False)

    def __str__(self) -> str:
        prefix = f"{self.urn}:" if self.urn else ""
        suffix = f".{self.sub_attribute}" if self.sub_attribute else ""
        return f"{prefix}{self.name}{suffix}"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """The elements of a complex attribute that match a filter: ``emails[type eq "work"].value``."""

    path: AttributePath
    value_filter: "Filter"
    sub_attribute: str | None = None

    def __str__(self) -> str:
        suffix = f".{self.sub_attribute}" if self.sub_attribute else ""
        return f"{self.path}[{self.value_filter}]{suffix}"


Path = AttributePath | ValuePath


@dataclass(frozen=True, slots=True)
class Comparison:
    """``path operator value``."""

    path: Path
    operator: CompareOperator
    value: Value

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Present:
    """``path pr``: the attribute has a non-empty value."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path} pr"


@dataclass(frozen=True, slots=True)
class And(Generic[Term_co]):
    """All of ``terms``; without any, true."""

    terms: tuple[Term_co, ...]

    def __str__(self) -> str:
        return " and ".join(f"({t})" if isinstance(t, And | Or) else str(t) for t in self.terms)


@dataclass(frozen=True, slots=True)
class Or(Generic[Term_co]):
    """Any of ``terms``; without any, false."""

    terms: tuple[Term_co, ...]

    def __str__(self) -> str:
        return " or ".join(f"({t})" if isinstance(t, Or) else str(t) for t in self.terms)


@dataclass(frozen=True, slots=True)
class Not(Generic[Term_co]):
    """The opposite of ``term``."""

    term: Term_co

    def __str__(self) -> str:
        return f"not ({self.term})"


Filter = Comparison | Present | ValuePath | And["Filter"] | Or["Filter"] | Not["Filter"]

"""The mapping as the API takes and shows it: a synchronizationSchema of Graph.

Only the object mappings of User and Group are known. Anything else is refused by its name.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scim.protocol.errors import ScimError
from scim.protocol.filters.nodes import AttributePath, Comparison
from scim.protocol.filters.parser import parse_path

from ...values import Record
from ..properties import GROUP_PROPERTIES, USER_PROPERTIES
from .expressions import GRAPH_NAMES, compile_expression, list_attributes
from .rules import (
    ALWAYS,
    GROUP_SCHEMA,
    REFERENCES,
    ROLES,
    SOFT_DELETED,
    USER_SCHEMA,
    AttributeMapping,
    ObjectMapping,
    Rules,
)
from .scope import BINARY, OPERATORS, Clause

FLOW_TYPES = (ALWAYS, "ObjectAddOnly")
SOURCES: Mapping[str, frozenset[str]] = {
    "User": frozenset({SOFT_DELETED, "objectId", *USER_PROPERTIES, *GRAPH_NAMES}),
    "Group": frozenset({"objectId", *GROUP_PROPERTIES}),
}
# Members of Graph's documents that are not known here, with the values that change nothing.
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "categoryFilterGroups": ([],),
    "enabled": (True,),
    "exportMissingReferences": (False,),
    "flowBehavior": ("FlowWhenChanged",),
    "flowTypes": ("Add, Update, Delete", "Add,Update,Delete"),
    "inputFilterGroups": ([],),
}
IGNORED = ("metadata", "name", "@odata.type")


def show_rules(rules: Rules) -> Record:
    """Return the rules as a synchronizationSchema."""
    mappings = [
        {
            "sourceObjectName": kind,
            "targetObjectName": kind,
            "attributeMappings": [_show_attribute(each) for each in mapping.attributes],
            "scope": {
                "groups": [{"clauses": [*map(_show_clause, group)]} for group in mapping.scope]
            },
        }
        for kind, mapping in rules.items()
    ]
    return {"synchronizationRules": [{"objectMappings": mappings}]}


def _show_attribute(mapping: AttributeMapping) -> Record:
    return {
        "source": {"expression": mapping.source},
        "targetAttributeName": mapping.target,
        "flowType": mapping.flow_type,
        "matchingPriority": mapping.matching_priority,
        "defaultValue": mapping.default or None,
    }


def _show_clause(clause: Clause) -> Record:
    return {
        "sourceOperandName": clause.attribute,
        "operatorName": clause.operator,
        "targetOperand": {"values": list(clause.values)},
    }


def read_rules(document: Any) -> Rules:
    """Return the rules of a synchronizationSchema.

    :raises ValueError: the document has an unknown part, and the message names it
    """
    try:
        mappings = [
            each for rule in document["synchronizationRules"] for each in rule["objectMappings"]
        ]
        found = {each["sourceObjectName"]: _read_object_mapping(each) for each in mappings}
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing in the mapping") from None
    except (TypeError, AttributeError):
        raise ValueError("the mapping has not the shape of a synchronizationSchema") from None
    if found.keys() != SOURCES.keys() or len(mappings) != len(found):
        raise ValueError("the mapping must be for User and Group, once each")
    return found


def _read_members(document: Record, where: str, names: Sequence[str], *optional: str) -> list[Any]:
    """Return the members of a document, which must not have others that change something."""
    for name, value in document.items():
        neutral = (None, *NEUTRAL.get(name, ()))
        if name not in (*names, *optional, *IGNORED) and value not in neutral:
            raise ValueError(f"{name} {value!r} in {where} is not known here")
    return [document[name] for name in names] + [document.get(name) for name in optional]


def _read_object_mapping(document: Record) -> ObjectMapping:
    names = ("sourceObjectName", "targetObjectName", "attributeMappings")
    kind, target, listed, scope = _read_members(document, "an object mapping", names, "scope")
    if kind not in SOURCES or not target.endswith(kind):
        raise ValueError(f"{kind} cannot be mapped to {target}")
    [groups] = _read_members(scope or {}, f"the scope of {kind}", (), "groups")
    found = ObjectMapping(
        tuple(_read_attribute_mapping(each, kind) for each in listed),
        tuple(_read_group(each, kind) for each in groups or ()),
    )
    targets = [each.target for each in found.attributes]
    if twice := {each for each in targets if targets.count(each) > 1}:
        raise ValueError(f"{twice.pop()} is mapped twice for {kind}")
    if not found.matching:
        raise ValueError(f"a mapping of {kind} needs a matchingPriority above 0")
    return found


def _read_attribute_mapping(document: Record, kind: str) -> AttributeMapping:
    names, where = ("targetAttributeName", "source"), f"a mapping of {kind}"
    optional = ("flowType", "matchingPriority", "defaultValue")
    target, source, flow_type, priority, default = _read_members(document, where, names, *optional)
    if (flow_type or ALWAYS) not in FLOW_TYPES:
        raise ValueError(f"flowType {flow_type} of {target} is not known here")
    if type(priority or 0) is not int or (priority or 0) < 0:
        raise ValueError(f"matchingPriority of {target} is not a number from 0")
    if not isinstance(default or "", str):
        raise ValueError(f"defaultValue of {target} is not a text")
    _check_target(target)
    _check_source(source["expression"], target, kind)
    return AttributeMapping(
        source["expression"], target, flow_type or ALWAYS, priority or 0, default or ""
    )


def _check_target(target: str) -> None:
    """Allow ``name``, ``name.sub``, both in an extension, and ``name[sub eq "value"].sub``."""
    try:
        path = parse_path(target)
    except ScimError as error:
        raise ValueError(f"targetAttributeName {target}: {error.detail}") from None
    if isinstance(path, AttributePath):
        if path.urn in (USER_SCHEMA, GROUP_SCHEMA):
            raise ValueError(f"targetAttributeName {target} must not have the URN of a core schema")
        return
    selected = path.value_filter
    is_known = isinstance(selected, Comparison) and selected.operator == "eq" and not path.path.urn
    if not is_known or not path.sub_attribute:
        raise ValueError(f'targetAttributeName {target} is not like emails[type eq "work"].value')


def _check_source(source: str, target: str, kind: str) -> None:
    if target in REFERENCES:
        if (kind, source) != REFERENCES[target]:
            raise ValueError(f"{target} takes {REFERENCES[target][1]} only")
        return
    if (source == ROLES) != ((kind, target) == ("User", "roles")):
        raise ValueError(f"roles of a User takes {ROLES} only, and nothing else takes it")
    if source == ROLES:
        return
    try:
        compile_expression(source)
    except ValueError as error:
        raise ValueError(f"source of {target}: {error}") from None
    for name in list_attributes(source):
        if name not in SOURCES[kind]:
            raise ValueError(f"source of {target}: [{name}] is not known here")


def _read_group(document: Record, kind: str) -> tuple[Clause, ...]:
    [clauses] = _read_members(document, f"a group of the scope of {kind}", ("clauses",))
    return tuple(_read_clause(each, kind) for each in clauses)


def _read_clause(document: Record, kind: str) -> Clause:
    names, where = ("sourceOperandName", "operatorName"), f"a clause of the scope of {kind}"
    attribute, operator, operand = _read_members(document, where, names, "targetOperand")
    values = tuple((operand or {}).get("values") or ())
    clause = Clause(attribute, operator.upper(), values)
    if attribute not in SOURCES[kind] - {SOFT_DELETED}:  # which depends on the scope
        raise ValueError(f"{attribute} in {where} is not known here")
    if clause.operator not in OPERATORS:
        raise ValueError(f"{operator} in {where} is not known here")
    if [*map(type, values)] != [str] * (clause.operator in BINARY):
        count = "one text" if clause.operator in BINARY else "nothing"
        raise ValueError(f"{operator} in {where} takes {count} as its values")
    try:
        clause.holds({})
    except (re.error, ValueError) as error:
        raise ValueError(f"{operator} {values[0]!r} in {where}: {error}") from None
    return clause

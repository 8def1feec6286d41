"""The mapping as the management API takes and shows it: a synchronizationSchema of Graph.

Of that, the object mappings of a User and of a Group are known. What is not understood is refused
by its name.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from scim.protocol.errors import ScimError
from scim.protocol.nodes import AttributePath, Comparison
from scim.protocol.parser import parse_path

from .entra_directory import GROUP_PROPERTIES, USER_PROPERTIES, Record
from .entra_expressions import GRAPH_NAMES, attributes, compiled
from .entra_mapping import ALWAYS, REFERENCES, ROLES, AttributeMapping, ObjectMapping, Rules

FLOW_TYPES = (ALWAYS, "ObjectAddOnly")
SOURCES: Mapping[str, frozenset[str]] = {
    "User": frozenset({"IsSoftDeleted", "objectId", *USER_PROPERTIES, *GRAPH_NAMES}),
    "Group": frozenset({"objectId", *GROUP_PROPERTIES}),
}
# What Graph's documents have beside what is known here, with what it says unless it is changed.
NEUTRAL = {
    "enabled": True,
    "exportMissingReferences": False,
    "flowBehavior": "FlowWhenChanged",
    "flowTypes": "Add, Update, Delete",
}
IGNORED = frozenset({"metadata", "name", "@odata.type"})


def shown_rules(rules: Rules) -> Record:
    """Return the rules as a synchronizationSchema."""
    mappings = [
        {
            "sourceObjectName": kind,
            "targetObjectName": kind,
            "attributeMappings": [_shown_attribute(each) for each in mapping.attributes],
        }
        for kind, mapping in rules.items()
    ]
    return {"synchronizationRules": [{"objectMappings": mappings}]}


def _shown_attribute(mapping: AttributeMapping) -> Record:
    return {
        "source": {"expression": mapping.source},
        "targetAttributeName": mapping.target,
        "flowType": mapping.flow_type,
        "matchingPriority": mapping.matching_priority,
        "defaultValue": mapping.default or None,
    }


def read_rules(document: Any) -> Rules:
    """Return the rules of a synchronizationSchema.

    :raises ValueError: something in it is not understood, and the message names it
    """
    try:
        mappings = [
            each for rule in document["synchronizationRules"] for each in rule["objectMappings"]
        ]
        found = {each["sourceObjectName"]: _object_mapping(each) for each in mappings}
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing in the mapping") from None
    except (TypeError, AttributeError):
        raise ValueError("the mapping has not the shape of a synchronizationSchema") from None
    if found.keys() != SOURCES.keys() or len(mappings) != len(found):
        raise ValueError("the mapping must be for User and Group, once each")
    return found


def _object_mapping(document: Record) -> ObjectMapping:
    kind = document["sourceObjectName"]
    known = ("sourceObjectName", "targetObjectName", "attributeMappings")
    _check_names(document, known, "an object mapping")
    if kind not in SOURCES or document["targetObjectName"] != kind:
        raise ValueError(f"{kind} cannot be mapped to {document['targetObjectName']}")
    mappings = tuple(_attribute_mapping(each, kind) for each in document["attributeMappings"])
    targets = [each.target for each in mappings]
    if twice := {each for each in targets if targets.count(each) > 1}:
        raise ValueError(f"{twice.pop()} is mapped twice for {kind}")
    found = ObjectMapping(mappings)
    if not found.matching:
        raise ValueError(f"a mapping of {kind} needs a matchingPriority above 0")
    return found


def _attribute_mapping(document: Record, kind: str) -> AttributeMapping:
    target = document["targetAttributeName"]
    known = ("source", "targetAttributeName", "flowType", "matchingPriority", "defaultValue")
    _check_names(document, known, f"the mapping of {target}")
    mapping = AttributeMapping(
        document["source"]["expression"],
        target,
        document.get("flowType") or ALWAYS,
        document.get("matchingPriority") or 0,
        document.get("defaultValue") or "",
    )
    if mapping.flow_type not in FLOW_TYPES:
        raise ValueError(f"flowType {mapping.flow_type} of {target} is not known here")
    if type(mapping.matching_priority) is not int or mapping.matching_priority < 0:
        raise ValueError(f"matchingPriority of {target} is not a number from 0")
    if not isinstance(mapping.default, str):
        raise ValueError(f"defaultValue of {target} is not a text")
    _check_target(target)
    _check_source(mapping, kind)
    return mapping


def _check_names(document: Record, known: Iterable[str], where: str) -> None:
    for name, value in document.items():
        if name not in {*known, *IGNORED} and value not in (None, NEUTRAL.get(name)):
            raise ValueError(f"{name} {value!r} in {where} is not known here")


def _check_target(target: str) -> None:
    """Allow ``name``, ``name.sub``, both in an extension, and ``name[sub eq "value"].sub``."""
    try:
        path = parse_path(target)
    except ScimError as error:
        raise ValueError(f"targetAttributeName {target}: {error.detail}") from None
    if isinstance(path, AttributePath):
        return
    selected = path.value_filter
    is_known = isinstance(selected, Comparison) and selected.operator == "eq" and not path.path.urn
    if not is_known or not path.sub_attribute:
        raise ValueError(f'targetAttributeName {target} is not like emails[type eq "work"].value')


def _check_source(mapping: AttributeMapping, kind: str) -> None:
    if mapping.target in REFERENCES:
        if (kind, mapping.source) != REFERENCES[mapping.target]:
            raise ValueError(f"{mapping.target} takes {REFERENCES[mapping.target][1]} only")
        return
    if (mapping.source == ROLES) != (mapping.target == "roles"):
        raise ValueError(f"roles takes {ROLES} only, and nothing else takes it")
    if mapping.source == ROLES:
        return
    try:
        compiled(mapping.source)
    except ValueError as error:
        raise ValueError(f"source of {mapping.target}: {error}") from None
    for name in attributes(mapping.source):
        if name not in SOURCES[kind]:
            raise ValueError(f"source of {mapping.target}: [{name}] is not known here")

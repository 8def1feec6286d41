"""The tolerances in plain words: what was odd in a request, and what the server made of it."""

QUIET = ("bare_token", "doubled_slash")  # of every request of a client, if of one
WORDS = {
    "bare_token": "the token came without the word Bearer before it",
    "doubled_slash": "the path had two slashes where one belongs; the base URL ends in one",
    "empty_parameters": "a parameter was empty and counted as not given",
    "repeated_parameters": "a list of attributes was given twice and was joined",
    "filtered_projection": "a filter in the list of attributes was left out",
    "legacy_schema_urns": "an old or misspelt URN of a schema counted as today's",
    "unknown_attributes": "an attribute that no schema has was ignored",
    "unqualified_extension_attributes": "an attribute of the extension came without its URN",
    "text_booleans": 'a boolean came as a text, "True" or "False", and was read as one',
    "loose_dates": "an instant was not written as the RFC asks, and was read nevertheless",
    "duplicate_primary": "two values were marked as primary; the first stayed so",
    "unquoted_filter_values": "a value in the filter had no double quotation marks",
    "double_encoded_filter_values": "the value in the filter was encoded twice, and decoded again",
    "literal_backslashes": "a single backslash in the filter was taken as it stands",
    "compared_value_path": "one element had to match both the brackets and the comparison",
    "empty_operations": "the request had no operations, and changed nothing",
    "paths_as_keys": "keys in the value were read as paths",
    "dotted_urns": "a dot behind the URN of a schema counted as a colon",
    "core_schema_object": "attributes in an object named by the core schema's URN were taken out",
    "created_value_path": "there was none: it was made from the conditions in the path",
    "simple_for_complex": "a plain text, or one value, came where an object or a list belongs",
    "complex_for_simple": "an object or a list came where a plain value belongs",
    "number_for_text": "a number came where a text belongs, and was stored as its digits",
    "link_for_id": "a link came instead of an id; the id was taken from it",
    "empty_for_unassigned": "an empty value removed the attribute",
    "empty_elements": "an element that was left without a value was dropped",
    "remove_listed_values": "only the values listed in the remove were removed",
    "read_only_in_value": "id, meta or schemas in a value without a path were ignored",
    "bare_operations": "the data of a PATCH was the list of its operations",
    "plural_configuration": "/ServiceProviderConfigs was read as /ServiceProviderConfig",
}


def words(name: str) -> str:
    """Return what a tolerance did, with its name."""
    return f"{WORDS.get(name, 'the request is not as the RFCs ask')} (tolerance {name})"

"""The suite ``rfc``: what RFC 7643, RFC 7644 and RFC 9865 demand of a service provider.

Each check quotes the sentence that it tries. What a server says that it does not support is
skipped. Where the RFCs leave a choice, every choice passes.
"""

from importlib import import_module

MODULES = (  # in the order of the report
    "config",
    "resource_types",
    "schemas",
    "characteristics",
    "authentication",
    "errors",
    "create",
    "values",
    "read",
    "projection",
    "filter_operators",
    "filter_grammar",
    "filter_attributes",
    "sort",
    "paging",
    "cursors",
    "cursor_config",
    "replace",
    "patch",
    "patch_add",
    "patch_remove",
    "patch_replace",
    "delete",
    "groups",
    "bulk",
    "bulk_errors",
    "bulk_references",
    "etag",
    "search",
    "me",
    "concurrency",
)

for _module in MODULES:
    import_module(f".{_module}", __name__)

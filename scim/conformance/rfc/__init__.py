"""The suite ``rfc``: the rules of RFC 7643, RFC 7644 and RFC 9865 for a service provider.

Each check quotes the sentence that it tries. A rule about a feature that the server does not
support is skipped. Where the RFCs leave a choice, every choice passes.
"""

from importlib import import_module

MODULES = (  # in the order of the report
    "discovery.config",
    "discovery.resource_types",
    "discovery.schemas",
    "discovery.characteristics",
    "resources.authentication",
    "resources.errors",
    "resources.create",
    "resources.values",
    "resources.read",
    "resources.projection",
    "filters.operators",
    "filters.grammar",
    "filters.attributes",
    "paging.sort",
    "paging.index",
    "paging.cursors",
    "discovery.cursors",
    "resources.replace",
    "patch.message",
    "patch.add",
    "patch.remove",
    "patch.replace",
    "resources.delete",
    "resources.groups",
    "bulk.operations",
    "bulk.errors",
    "bulk.references",
    "resources.etag",
    "paging.search",
    "resources.me",
    "resources.concurrency",
)

for _module in MODULES:
    import_module(f".{_module}", __name__)

"""The endpoints: one blueprint each, and what they share between Flask and SCIM."""

from flask import Flask

from scim.protocol.definitions.assembly import Definitions

from . import bulk, discovery, errors, me, resources, search
from . import call as wire


def register(app: Flask, base_path: str, definitions: Definitions) -> None:
    """Serve every endpoint below ``base_path``."""
    of_types = map(resources.blueprint, definitions.resource_types)
    for bp in (*of_types, discovery.bp, search.bp, bulk.bp, me.bp):
        app.register_blueprint(bp, url_prefix=base_path + (bp.url_prefix or ""))
    errors.register(app)
    wire.register(app)

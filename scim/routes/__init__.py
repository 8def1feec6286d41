"""The endpoints: one blueprint each, and what they share between Flask and SCIM."""

from flask import Flask

from . import discovery, errors, groups, unsupported, users, wire


def register(app: Flask, base_path: str) -> None:
    """Serve every endpoint below ``base_path``."""
    for module in (users, groups, discovery, unsupported):
        app.register_blueprint(module.bp, url_prefix=base_path + (module.bp.url_prefix or ""))
    errors.register(app)
    wire.register(app)

"""The endpoints, one blueprint each, and the code between Flask and SCIM that they share."""

from flask import Flask

from scim.service import Service

from . import (
    asynchronous,
    bulk,
    discovery,
    errors,
    events,
    finishing,
    home,
    keys,
    me,
    oauth,
    resources,
    search,
)


def register(app: Flask, service: Service) -> None:
    """Serve every endpoint below the base path of the settings."""
    of_types = map(resources.blueprint, service.definitions.served)
    own = discovery.bp, search.bp, bulk.bp, me.bp, events.bp, asynchronous.bp
    for bp in (*of_types, *own):
        app.register_blueprint(bp, url_prefix=service.settings.base_path + (bp.url_prefix or ""))
    app.register_blueprint(home.bp)
    app.register_blueprint(oauth.bp)
    app.register_blueprint(keys.bp)
    errors.register(app)
    finishing.register(app)

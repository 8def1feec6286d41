"""The endpoint of a resource type: /Users, /Groups, and whatever else is defined."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from scim import provider
from scim.protocol.schema import ResourceType

from .auth import bearer_required
from .wire import body, query, render, request_for, search, search_body, store


def blueprint(resource_type: ResourceType) -> Blueprint:
    """Return the endpoint of a resource type, with all its operations."""
    bp = Blueprint(resource_type.endpoint, __name__, url_prefix=resource_type.endpoint)
    bp.add_url_rule("", view_func=Resources.as_view("resources", resource_type))
    bp.add_url_rule("/<resource_id>", view_func=Resource.as_view("resource", resource_type))
    bp.add_url_rule("/.search", view_func=Search.as_view("search", resource_type))
    return bp


class View(MethodView):
    """The methods that a URL of the endpoint takes."""

    decorators = [bearer_required]
    init_every_request = False

    def __init__(self, resource_type: ResourceType) -> None:
        self.type = resource_type


class Resources(View):
    """All resources of the type (RFC 7644 §3.3, §3.4.2)."""

    def get(self) -> ResponseReturnValue:
        return search([self.type], query())

    def post(self) -> ResponseReturnValue:
        created = provider.create(store(), self.type, body(), request_for(self.type))
        return render(created, status=201)


class Resource(View):
    """One of them (RFC 7644 §3.4.1, §3.5, §3.6)."""

    def get(self, resource_id: str) -> ResponseReturnValue:
        return render(provider.get(store(), self.type, resource_id, request_for(self.type)))

    def put(self, resource_id: str) -> ResponseReturnValue:
        request = request_for(self.type)
        return render(provider.replace(store(), self.type, resource_id, body(), request))

    def patch(self, resource_id: str) -> ResponseReturnValue:
        """Answer 200 with the resource; §3.5.2 also allows 204."""
        request = request_for(self.type)
        return render(provider.patch(store(), self.type, resource_id, body(), request))

    def delete(self, resource_id: str) -> ResponseReturnValue:
        provider.delete(store(), self.type, resource_id, request_for(self.type))
        return "", 204


class Search(View):
    """A query whose parameters are not in the URL, where logs would keep them (§3.4.3)."""

    def post(self) -> ResponseReturnValue:
        return search([self.type], search_body())

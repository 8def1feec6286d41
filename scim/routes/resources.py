"""The endpoint of a resource type: /Users, /Groups, and those that schema documents add."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from scim import provider
from scim.protocol.delta import DELTA, DELTA_TOKEN
from scim.protocol.schema import ResourceType

from . import delta
from .answers import Empty
from .auth import bearer_required, search_permitted
from .call import Call
from .writing import write


def blueprint(resource_type: ResourceType) -> Blueprint:
    """Return the endpoint of a resource type, with all its operations."""
    bp = Blueprint(resource_type.endpoint, __name__, url_prefix=resource_type.endpoint)
    bp.add_url_rule("", view_func=Resources.as_view("resources", resource_type))
    one = Unchangeable if resource_type.part_of else Resource
    bp.add_url_rule("/<resource_id>", view_func=one.as_view("resource", resource_type))
    bp.add_url_rule("/.search", view_func=Search.as_view("search", resource_type))
    if not resource_type.part_of:
        bp.add_url_rule(DELTA_TOKEN, view_func=DeltaToken.as_view("delta_token", resource_type))
        bp.add_url_rule(DELTA, view_func=Delta.as_view("delta", resource_type))
    return bp


class View(MethodView):
    """The methods that a URL of the endpoint takes."""

    decorators = [bearer_required]
    init_every_request = False

    def __init__(self, resource_type: ResourceType) -> None:
        self.type = resource_type

    def dispatch_request(self, **arguments: Any) -> ResponseReturnValue:
        call: Call = arguments["call"]
        call.admitted.permission.check_type(self.type)
        return super().dispatch_request(**arguments)


class Resources(View):
    """All resources of the type (RFC 7644 §3.3, §3.4.2)."""

    def get(self, call: Call) -> ResponseReturnValue:
        return call.search([self.type], call.query())

    def post(self, call: Call) -> ResponseReturnValue:
        sent = call.json_body()
        return call.render(
            write(call, provider.create, self.type, sent, call.details(self.type)), 201
        )


class Unchangeable(View):
    """One resource of the type, which is never changed (RFC 7644 §3.4.1, §3.6)."""

    def get(self, call: Call, resource_id: str) -> ResponseReturnValue:
        details = call.details(self.type)
        return call.render(provider.get(call.store, self.type, resource_id, details))

    def delete(self, call: Call, resource_id: str) -> ResponseReturnValue:
        write(call, provider.delete, self.type, resource_id, call.details(self.type))
        return Empty(status=204)


class Resource(Unchangeable):
    """One resource of the type, which may be changed (RFC 7644 §3.5)."""

    def put(self, call: Call, resource_id: str) -> ResponseReturnValue:
        details, sent = call.details(self.type), call.json_body()
        return call.render(write(call, provider.replace, self.type, resource_id, sent, details))

    def patch(self, call: Call, resource_id: str) -> ResponseReturnValue:
        """Answer 200 with the resource; §3.5.2 also allows 204."""
        details, sent = call.details(self.type), call.json_body()
        return call.render(write(call, provider.patch, self.type, resource_id, sent, details))


class Search(View):
    """A query with its parameters in the body, where no log keeps them (§3.4.3)."""

    decorators = [search_permitted]

    def post(self, call: Call) -> ResponseReturnValue:
        return call.search([self.type], call.search_body())


class DeltaToken(View):
    """A token to ask later what has changed since (draft-sehgal-scim-delta-query)."""

    def get(self, call: Call) -> ResponseReturnValue:
        return delta.issue_token(call, [self.type], is_root=False)


class Delta(View):
    """The resources that have changed since a token was issued."""

    decorators = [search_permitted]

    def post(self, call: Call) -> ResponseReturnValue:
        return delta.answer(call, [self.type])

"""Operate: the state of the server and its tenants, at a glance."""

"""The console: pages on which people watch provisioning happen, and understand it.

It is a Flask application of its own, in a process of its own: an open event stream would hold a
thread of a SCIM worker. It reads the directory as the endpoints do. It writes resources only by
requests to the endpoints, so that what it does is recorded as everybody's requests are.
"""

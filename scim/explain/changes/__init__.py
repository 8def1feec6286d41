"""Changes of a resource: between two bodies, with a version, by a group push."""

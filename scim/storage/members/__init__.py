"""The members of groups, and groups within groups."""

"""Work beside the requests: records them, and finds the tunnels that they come through."""

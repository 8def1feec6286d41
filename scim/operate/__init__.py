"""What runs beside the requests: recording them, and finding the tunnels they come through."""

"""What keeps a server going, and shows how it goes."""

"""The conversation as a picture, and the timeline."""

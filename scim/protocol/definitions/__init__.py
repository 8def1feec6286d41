"""Documents that define attributes and resource types beside those of the RFCs."""

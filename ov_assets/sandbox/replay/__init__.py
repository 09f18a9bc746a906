"""A recording of a portal, served as a portal on loopback."""

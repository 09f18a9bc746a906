"""Disk, registry and bucket compared both ways, and settled where that is safe."""

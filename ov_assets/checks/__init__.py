"""What must hold of a partition or a day, asked from outside."""

"""The verification report: one page that a person reads, and the same as JSON for machines."""

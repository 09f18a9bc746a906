"""What an operator asks for: `ov doctor`, the metrics, a backfill."""

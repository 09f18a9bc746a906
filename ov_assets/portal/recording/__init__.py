"""What a real portal looks like, kept with no person in it, so that it can be served again elsewhere."""

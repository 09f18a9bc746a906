"""One browser on one account: its session, log-in, guards and pace."""

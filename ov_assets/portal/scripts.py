"""How the scripts that are evaluated in the portal's pages are waited for."""

# By the clock: a tab that isn't in front draws a frame a second only, and Playwright looks once a frame.
POLL_MS = 50

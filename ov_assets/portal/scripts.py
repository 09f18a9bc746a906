"""The scripts that are evaluated in the portal's pages; each is one JavaScript function in `js/`."""

from importlib import resources

# By the clock: a tab that isn't in front draws a frame a second only, and Playwright looks once a frame.
POLL_MS = 50


def script(name: str) -> str:
    """The source of `js/<name>.js`."""
    return resources.files(__package__).joinpath(f"js/{name}.js").read_text(encoding="utf-8").strip()

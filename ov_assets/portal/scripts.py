"""The scripts that are evaluated in the portal's pages; each is one JavaScript function in `js/`."""

from importlib import resources


def script(name: str) -> str:
    """The source of `js/<name>.js`."""
    return resources.files(__package__).joinpath(f"js/{name}.js").read_text(encoding="utf-8").strip()

"""`python -m ov_assets.sandbox.portal` is the same as `python -m ov_assets.sandbox.portal.server`."""

from .server import main

main()

"""The portal's pages, one module each, and how often each is looked at."""

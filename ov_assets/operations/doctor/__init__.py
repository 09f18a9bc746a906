"""Whether what the flow relies on is there and good: one module an area, one line a thing, and its mend."""

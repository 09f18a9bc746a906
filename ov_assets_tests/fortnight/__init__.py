"""Days of operation in minutes: time travels, everything else is real."""

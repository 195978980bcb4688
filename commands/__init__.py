"""One module for each Makefile verb that is more than a line."""

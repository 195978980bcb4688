"""One module per system that the workers talk to."""

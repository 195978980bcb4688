"""When the work is done, and in which order."""

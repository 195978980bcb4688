"""A run of the whole DAG on the stand-in."""

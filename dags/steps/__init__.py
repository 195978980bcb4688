"""One module per worker task."""

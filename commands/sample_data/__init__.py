"""Sample data of any size."""

"""The entry points: arguments, read, transform, check, write."""

"""The embedded stand-in for AWS: the same clients, other endpoints, no account."""

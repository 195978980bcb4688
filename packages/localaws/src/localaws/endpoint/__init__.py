"""One process that answers for the AWS APIs that have no server of their own."""

"""What can go wrong on the local machine, in words an operator can act on."""


class LocalAwsError(Exception):
    """A local service cannot do its work; the message is one line and says what to do."""

"""What is told to a user in one line."""


class CommandError(Exception):
    """A verb cannot go on; the message says what was found and what to do."""

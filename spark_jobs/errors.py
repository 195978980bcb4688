"""What an operator can act on: errors that are told in one line, without a stack trace."""


class JobError(Exception):
    """A job cannot go on, and its message says what was found and what to do."""


class SchemaMismatchError(JobError):
    """A dataset's columns are not those that `schemas` declares."""

"""What ends a task: errors that another try may heal, and those that none will."""


class PipelineError(Exception):
    """A task cannot go on now; the message says what was found. Another try may do better."""


class FinalError(PipelineError):
    """No other try of this task would do better; the message says what to do."""


class OvertakenError(FinalError):
    """Another run committed first: what this run computed is not built on it."""


class ReplacedError(FinalError):
    """A claimed file is not what was claimed any more: the next run takes it."""

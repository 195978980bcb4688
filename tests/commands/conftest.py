"""Fresh worlds over one stand-in, for the verbs that take a pipeline."""

from tests.pipeline_fixtures import pipeline_stack, world

__all__ = ["pipeline_stack", "world"]

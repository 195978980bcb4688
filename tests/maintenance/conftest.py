"""Fresh worlds over one stand-in."""

from tests.pipeline_fixtures import pipeline_stack, world

__all__ = ["pipeline_stack", "world"]

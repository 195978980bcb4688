"""The stand-in, once for all worlds of this folder."""

from tests.pipeline_fixtures import pipeline_stack, world

__all__ = ["pipeline_stack", "world"]

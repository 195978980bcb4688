"""A verb over the stand-in finds it up, or brings it up."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands.stack import pipeline
from localaws.stack import ServiceStatus


@pytest.mark.parametrize("is_running", [True, False])
def test_a_stack_that_is_down_is_started_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_running: bool
) -> None:
    status = [ServiceStatus("endpoint", "http://127.0.0.1:1", 1, is_running)]
    stack, started = SimpleNamespace(status=lambda: status), list[Any]()
    monkeypatch.setattr(pipeline, "describe_stack", lambda _: (stack, None))
    monkeypatch.setattr(pipeline.bring_up, "bring_up", lambda *given: started.append(given))
    monkeypatch.setattr(pipeline, "pipeline_over", lambda *given: given)

    opened: Any = pipeline.open_local_pipeline(tmp_path)

    assert opened == (stack, None)
    assert started == ([] if is_running else [(stack, None)])

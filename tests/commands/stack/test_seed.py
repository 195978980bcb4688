"""What a deployment would make on AWS, made in the stand-in."""

from types import SimpleNamespace
from typing import Any

from commands.stack.seed import create_application
from conf.settings import load_settings


def test_the_application_is_bounded_by_the_environments_vcpu() -> None:
    made: list[dict[str, Any]] = []
    client = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda: [{"applications": []}]),
        create_application=lambda **asked: made.append(asked),
    )

    create_application(client, load_settings("local"))

    assert [asked["maximumCapacity"] for asked in made] == [{"cpu": "16 vCPU", "memory": "128 GB"}]

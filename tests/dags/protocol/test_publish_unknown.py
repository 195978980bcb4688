"""A commit tells of the files whose plays are of unknown tracks or users."""

import logging

import pytest

from dags.protocol.plan import FileAccount
from dags.protocol.publish import mark
from tests.dags.pipeline_doubles import Told, a_pipeline
from tests.dags.plan_builders import RUN, A, B, a_plan
from tests.reference_kpis import unknown_counts


def test_plays_of_unknown_tracks_and_users_are_told_above_the_share(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = Told()
    accounts = {A: FileAccount("e1", None, 40, 30, 10), B: FileAccount("e2", None, 40, 40, 0)}
    of_files = {A: unknown_counts(40, 2), B: unknown_counts(2, 3)}
    unknown = {"files": of_files} | unknown_counts(42, 5)

    with caplog.at_level(logging.WARNING):
        mark(
            a_pipeline(told=told, max_unknown_share=0.05),
            a_plan(7, files=accounts, unknown=unknown),
        )

    lines = [
        f"{A}: 40 of 40 plays are of tracks that no song has: deliver the songs, or look at "
        "track_id_prefix",
        f"{B}: 3 of 40 plays are of users that no users file has: deliver the users",
    ]
    # The run that another test named last stands before it.
    assert [message.partition("] ")[2] for message in caplog.messages] == lines
    assert told.messages == [
        "\n".join(
            [
                "music_streaming_etl took plays of unknown tracks or users",
                f"run {RUN}, task mark_processed: they count in hours alone",
                *lines,
            ]
        )
    ]

"""Job runs as the API shows them."""

import pytest
from botocore.exceptions import ClientError

from .emr_service import Service


@pytest.mark.rule(
    "GetJobRun adds to the overrides of the request; with them its client token is a conflict",
    page="emr-serverless/latest/APIReference/API_StartJobRun.html",
    group="emr",
)
def test_what_is_shown_of_a_job_run_is_no_request_that_its_token_takes_again(
    service: Service,
) -> None:
    application = service.create()
    place = {"logUri": "s3://a-bucket/logs/"}
    sent = {"monitoringConfiguration": {"s3MonitoringConfiguration": place}}
    first = service.start(application, clientToken="one", configurationOverrides=sent)

    shown = service.get(application, first)["configurationOverrides"]
    bare = service.get(application, service.start(application))["configurationOverrides"]

    added = {"managedPersistenceMonitoringConfiguration": {"enabled": True}}
    assert shown == {"monitoringConfiguration": added | sent["monitoringConfiguration"]}
    assert bare == {"monitoringConfiguration": added}
    with pytest.raises(ClientError, match="ConflictException"):
        service.start(application, clientToken="one", configurationOverrides=shown)
    assert service.start(application, clientToken="one", configurationOverrides=sent) == first


def test_utilization_is_the_workers_times_the_duration_and_a_bill_begins_at_a_minute(
    service: Service,
) -> None:
    application = service.create()
    parameters = (
        "--conf spark.driver.cores=1 --conf spark.driver.memory=2g --conf spark.executor.cores=1"
        " --conf spark.executor.memory=2g --conf spark.executor.instances=1"
    )

    run = service.wait(application, service.start(application, parameters=parameters))

    seconds = run["totalExecutionDurationSeconds"]
    assert 1 <= seconds < 60
    assert run["billedResourceUtilization"] == {
        "vCPUHour": round(2 * 60 / 3600, 3),
        "memoryGBHour": round(6 * 60 / 3600, 3),
        "storageGBHour": 0.0,
    }
    assert run["totalResourceUtilization"]["vCPUHour"] == round(2 * seconds / 3600, 3)

"""Job runs as the API shows them."""

from tests.localaws.emr_serverless.emr_service import Service


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

"""What people are told: SNS messages and CloudWatch metrics. Their own failure is only logged."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conf.run_log import get_log

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_sns import SNSClient

NAMESPACE = "MusicStreamingEtl"
MAX_SUBJECT = 100
MAX_MESSAGE_BYTES = 200_000

log = get_log(__name__)


@dataclass(frozen=True)
class Alerts:
    """A topic and a metrics namespace. The clients are boto3's of sns and cloudwatch."""

    topics: "SNSClient"
    metrics: "CloudWatchClient"
    topic_arn: str

    def send(self, subject: str, message: str) -> None:
        """Publish a message; where that fails the log has it, and the caller goes on."""
        from botocore.exceptions import BotoCoreError, ClientError

        plain = "".join(c if " " <= c <= "~" else "?" for c in subject)[:MAX_SUBJECT]
        body = message.encode()[:MAX_MESSAGE_BYTES].decode("utf-8", "ignore")
        try:
            self.topics.publish(TopicArn=self.topic_arn, Subject=plain, Message=body)
        except (BotoCoreError, ClientError) as error:
            log.error("no alert was sent (%s); it would have said: %s", error, body)

    def count(self, metric: str, value: int) -> None:
        """Put a metric; where that fails the log has it.

        It has no dimensions: CloudWatch bills a metric for each value of one.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.metrics.put_metric_data(
                Namespace=NAMESPACE,
                MetricData=[{"MetricName": metric, "Value": value, "Unit": "Count"}],
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("metric %s = %d was not put: %s", metric, value, error)

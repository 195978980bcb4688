"""What EMR Serverless does and its stand-in does not, with the reason."""

NOT_COVERED = [
    (
        "The job's role, the executionIamPolicy and iam:PassRole decide what a job run may do",
        "permissions are proved on AWS or by linting policies; here every job run has one key",
    ),
    (
        "EMR.secret@ needs a customer-managed KMS key and a resource policy on the secret",
        "there is no IAM and no KMS here; that the value is plain, not JSON, is enforced",
    ),
    (
        "Without a VPC configuration a job run has no way to the internet or to a database",
        "a local process reaches what this machine reaches; only --packages is refused",
    ),
    (
        "networkConfiguration: subnets in two zones, a security group without 0.0.0.0/0 inbound",
        "kept and shown, never checked: there is no network to compare it with",
    ),
    (
        "Executors are machines of their own, and dynamic allocation adds and removes them",
        "driver and executors are one process of this machine, in local mode",
    ),
    (
        "A job run is billed for what its workers took, second by second",
        "utilization is the workers that it began with, times its real duration",
    ),
    (
        "With S3A, EMR commits by MagicCommitProtocol: files appear at task commit",
        "plain Spark commits by rename at job commit; code must be right under both",
    ),
    (
        "A custom image, its release, and another Python by PYSPARK_PYTHON",
        "job runs have the Python and the Java that the endpoint was started with",
    ),
    (
        "Architecture ARM64",
        "kept and shown; job runs have this machine's architecture",
    ),
    (
        "Pre-initialised workers make a job run begin sooner",
        "initialCapacity is checked, kept and shown; nothing is started beforehand",
    ),
    (
        "STREAMING mode, interactive sessions, Livy endpoints, Hive applications",
        "refused, saying so: a batch of Spark is what is stood in for",
    ),
    (
        "log4j2, metrics, core-site and hive-site classifications change a job run",
        "taken and not applied: only spark-defaults is",
    ),
    (
        "Logs reach S3 every 15 seconds while a job run goes on, rotated at 128 MB; executors' too",
        "the driver's output is published once, when an attempt has ended",
    ),
    (
        "Logs are encrypted, or kept in managed storage, or sent to Prometheus",
        "these settings are kept and shown, and do nothing",
    ),
    (
        "The dashboard is Spark's own page or its history server, for an hour",
        "a plain page of state, arguments and output, for as long as the job run is kept",
    ),
    (
        "An application is prepared for some seconds in CREATING; TERMINATED ones are forgotten",
        "it is CREATED in the answer; terminated ones stay readable by their id",
    ),
    (
        "UpdateApplication and StartApplication on an application that runs, since 2026",
        "an update needs CREATED or STOPPED, as the API's model says",
    ),
    (
        "A second UpdateApplication with one client token is the first one again",
        "it is done again, which gives the same application",
    ),
    (
        "The account's quota of concurrent vCPU (ServiceQuotaExceededException)",
        "this machine's cores and memory are the quota; job runs beyond it wait",
    ),
]

"""Where the foreign servers differ from AWS, measured, and why it is left so."""

NOT_COVERED = [
    (
        "S3 lists keys in the order of their bytes",
        "SeaweedFS walks folders: o/a, o/a/x, o/a-b; callers sort what they have listed",
    ),
    (
        "S3 gives at most 1,000 keys a page, whatever MaxKeys says",
        "SeaweedFS gives 1,000 by default, else what MaxKeys says; a paginator sees no difference",
    ),
    (
        "S3 takes any key of up to 1,024 bytes",
        "in SeaweedFS a key's parts are file names: 255 bytes at most between two slashes",
    ),
    (
        "S3 keeps the keys d/e and d//e apart, and takes d/./e",
        "SeaweedFS reads d//e as d/e and refuses d/./e",
    ),
    (
        "S3 keeps a backslash in a key",
        "SeaweedFS drops it: \\back.csv is back.csv there",
    ),
    (
        "An acknowledged S3 object outlives a power cut",
        "SeaweedFS does not fsync its writes; kill -9 of the server loses nothing",
    ),
    (
        "An S3 put on a condition that races others is answered at once",
        "SeaweedFS polls its lock once a second: of 20 racing puts the last is refused after 3 s",
    ),
    (
        "A folder whose last object is deleted is no common prefix of a listing any more",
        "SeaweedFS lists the empty folder for some two minutes more",
    ),
    (
        "A PUT of nothing that expects 100-continue is answered like any other",
        "SeaweedFS says Continue too late: the next PUT on the connection waits for a minute; the "
        "verbs' clients do not ask for it",
    ),
    (
        "DeleteObjects of more than 1,000 keys is MalformedXML",
        "SeaweedFS refuses it too, as InvalidArgument",
    ),
    (
        "S3 bucket policies, Block Public Access, SSE-KMS and event notifications act as set",
        "one local user has all rights; what must not be open is checked in the templates",
    ),
    (
        "IAM decides on each call who may do what",
        "moto and the servers take the stack's one access key for everything; policies are linted",
    ),
    (
        "DynamoDB verifies the signature of a request",
        "dynoxide wants one to be there and takes any key",
    ),
    (
        "DynamoDB's error messages",
        "dynoxide has AWS's error codes, its texts differ in places: never match texts",
    ),
    (
        "DynamoDB throttles, replicates, backs up and encrypts",
        "one SQLite file; capacity, point-in-time recovery and KMS settings have no effect",
    ),
    (
        "BatchGetItem returns UnprocessedKeys above 16 MB or under throttling",
        "dynoxide is never throttled; the caller's loop over them is tested with a stub",
    ),
    (
        "Secrets, topics, log groups and metrics outlive a restart",
        "moto keeps them in memory; the configured secrets are put in again at each start",
    ),
    (
        "SNS delivers what is published",
        "moto records the message; it reaches no address",
    ),
    (
        "CloudWatch raises alarms on metrics",
        "moto keeps metrics and alarms, and evaluates none",
    ),
]

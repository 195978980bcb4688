"""Where the Redshift double differs from Redshift, and why it is left so."""

NOT_COVERED = [
    (
        "Trailing blanks of VARCHAR do not count in comparisons",
        "PostgreSQL compares them; the jobs trim what they write",
    ),
    (
        "Isolation errors 1018, and 1023 for reads that overlap writes",
        "PostgreSQL's REPEATABLE READ fails the second writer of a row, and nothing else",
    ),
    (
        "SUPER, IDENTITY, GEOMETRY, HLLSKETCH, external and interleaved tables",
        "refused: not supported by the local warehouse",
    ),
    (
        "SORTKEY and DISTKEY beside a column, SORTKEY AUTO, MERGE … REMOVE DUPLICATES",
        "the parser does not know them: refused",
    ),
    (
        "Temporary tables named #t",
        "refused: write CREATE TEMP TABLE",
    ),
    (
        "UNLOAD, VACUUM, CALL, SHOW, ALTER TABLE APPEND, CREATE EXTERNAL SCHEMA",
        "refused: the pipeline does not use them",
    ),
    (
        "LISTAGG and MEDIAN over a window, QUALIFY beside TOP, LAST_DAY, CHARINDEX and the like",
        "refused by name: PostgreSQL has nothing that does the same",
    ),
    (
        "APPROXIMATE COUNT(DISTINCT …) is an estimate",
        "it is exact here",
    ),
    (
        "AVG of integers is an integer, EXTRACT and DATE_PART give integers, MEDIAN a DECIMAL",
        "PostgreSQL's types are given: the KPIs average DOUBLE PRECISION and extract nothing",
    ),
    (
        "Quoted names are folded to lower case unless the session says otherwise",
        "PostgreSQL keeps their case; all names here are in lower case",
    ),
    (
        "COPY with FILLRECORD, ACCEPTINVCHARS, EXPLICIT_IDS or CREDENTIALS, and of other formats",
        "refused: the pipeline loads Parquet by role and manifest",
    ),
    (
        "COPY of int32 into BIGINT, of a file of no rows, of names that begin with _ or .",
        "unverified on AWS. The strict reading is taken: the type must be the column's, each "
        "object under a prefix must be Parquet; a file of no rows loads nothing",
    ),
    (
        "INT96 and nanosecond timestamps",
        "refused: they read wrong on Redshift",
    ),
    (
        "COPY reads through presigned URLs, by the namespace's role and its KMS keys",
        "one local user has all rights; only the role's name is checked",
    ),
    (
        "The first error in sys_load_error_detail; other system tables and views",
        "the statement's error says it; there are no system tables",
    ),
    (
        "ENCODE, DISTSTYLE, sort keys, ANALYZE and the optimizer's use of declared keys",
        "taken and without effect: one PostgreSQL has nothing to distribute",
    ),
    (
        "Other identities than one, groups, roles, users with a password of their own",
        "all keys are the pipeline's; GRANT and REVOKE are PostgreSQL's, of one table each",
    ),
    (
        "24 h and 500 MB limits of a query, ThrottlingException",
        "nothing here runs so long or so large; results are dropped after 24 h at the next start",
    ),
    (
        "Clusters, sessions (SessionId), AUTO_COMMIT batches, CSV result format",
        "refused: the pipeline names a workgroup and needs one transaction",
    ),
    (
        "A statement cut off between its commit and the note of it reads FAILED, and is committed",
        "that takes a kill -9 within a millisecond; what is repeated must bear that anyway",
    ),
    (
        "Events of WithEvent",
        "taken and without effect",
    ),
]

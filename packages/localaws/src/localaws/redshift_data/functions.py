"""Which functions may be called: PostgreSQL's own stay shut, and nothing passes for Redshift's."""

from sqlglot import exp

from localaws.redshift_data.sql_error import NotSupportedError, SqlError

# AWS's pages: redshift/latest/dg/c_unsupported-postgresql-functions and, for NOW and SUBSTR,
# c_SQL_functions_leader_node_only. Some take PostgreSQL where their like would be in Redshift.
FOREIGN_FUNCTIONS = frozenset(
    """
    ARRAY_AGG BIT_LENGTH CLOCK_TIMESTAMP CONVERT_FROM CONVERT_TO CORR COVAR_POP COVAR_SAMP DIV
    ENCODE EVERY FORMAT GENERATE_SERIES GENERATE_SUBSCRIPTS GEN_RANDOM_UUID JSONB_AGG
    JSONB_BUILD_OBJECT JSON_AGG JSON_BUILD_OBJECT JUSTIFY_DAYS JUSTIFY_HOURS JUSTIFY_INTERVAL
    MAKE_INTERVAL MODE NOW NUM_NULLS OVERLAY PG_SLEEP QUOTE_NULLABLE REGEXP_MATCHES
    REGEXP_SPLIT_TO_ARRAY REGEXP_SPLIT_TO_TABLE REGR_AVGX REGR_AVGY REGR_COUNT REGR_INTERCEPT
    REGR_R2 REGR_SLOPE REGR_SXX REGR_SXY REGR_SYY ROW_TO_JSON SETSEED SET_CONFIG
    STATEMENT_TIMESTAMP STRING_AGG STRING_TO_ARRAY STRING_TO_TABLE SUBSTR TO_JSON TO_JSONB
    TRANSACTION_TIMESTAMP WIDTH_BUCKET XMLAGG
    """.split()
)
# Redshift's, which PostgreSQL has not, or not as Redshift means them.
MISSING_FUNCTIONS = frozenset(
    """
    ADD_MONTHS CHARINDEX CONVERT CONVERT_TIMEZONE HLL JSON_ARRAY_LENGTH
    JSON_EXTRACT_ARRAY_ELEMENT_TEXT JSON_EXTRACT_PATH_TEXT JSON_PARSE LAST_DAY MONTHS_BETWEEN
    NEXT_DAY RATIO_TO_REPORT STRTOL SUPER
    """.split()
)
# Calls that the parser knows by no type of its own, VALUES of MERGE among them; others of this kind
# can do anything: read files, end sessions, reach other servers.
PLAIN_FUNCTIONS = frozenset(
    """
    COALESCE DATE_PART LEN OCTET_LENGTH PG_BACKEND_PID QUOTE_IDENT QUOTE_LITERAL
    TIMEOFDAY VALUES
    """.split()
)


def check_call(word: str) -> None:
    """Refuse a name before a parenthesis that is a function of only one of the two.

    Raises:
        SqlError: It is PostgreSQL's.
        NotSupportedError: It is Redshift's, and nothing here does what it does.
    """
    if word in FOREIGN_FUNCTIONS:
        raise SqlError(f"ERROR: function {word.lower()}() does not exist")
    if word in MISSING_FUNCTIONS:
        raise NotSupportedError(word)


def check_function(node: exp.Anonymous) -> None:
    """Refuse a function that neither the parser nor the list above knows.

    Raises:
        NotSupportedError: It may be Redshift's, PostgreSQL's, or nobody's.
    """
    if node.name.upper() not in PLAIN_FUNCTIONS:
        raise NotSupportedError(f"function {node.name.lower()}()")

"""SET of a session's parameter: the few that are known here; a session ends with its request."""

from sqlglot import exp

from localaws.redshift_data.sql_error import NotSupportedError, SqlError

RESULT_CACHE = "enable_result_cache_for_session"
SWITCH = ("on", "off", "true", "false", "default")
# Redshift's other parameters, all without effect on what the pipeline sends.
OTHERS = frozenset(
    """
    analyze_threshold_percent cast_super_null_on_error datestyle default_geometry_encoding
    describe_field_name_in_uppercase downcase_delimited_identifier enable_case_sensitive_identifier
    enable_case_sensitive_super_attribute enable_numeric_rounding enable_vacuum_boost
    error_on_nondeterministic_update extra_float_digits interval_forbid_composite_literals
    json_serialization_enable json_serialization_parse_nested_strings
    max_concurrency_scaling_clusters max_cursor_result_set_size mv_enable_aqmv_for_session
    navigate_super_null_on_error parse_super_null_on_error pg_federation_repeatable_read query_group
    search_path spectrum_enable_pseudo_columns spectrum_query_maxerror statement_timeout
    stored_proc_log_min_messages timezone wlm_query_slot_count
    """.split()
)


def check_set(statement: exp.Set) -> None:
    """Refuse a parameter that Redshift lacks, a value that it refuses, and what has no double.

    Nothing here answers from a cache, so what may pass has no effect.
    """
    for item in statement.expressions:
        name, value = item.this.this.name.lower(), item.this.expression
        if name in OTHERS:
            raise NotSupportedError(f"SET {name}")
        if name != RESULT_CACHE:
            raise SqlError(f'ERROR: unrecognized configuration parameter "{name}"')
        word = str(value.this).lower()
        if word not in SWITCH:
            raise SqlError(f'ERROR: parameter "{name}" requires a Boolean value')

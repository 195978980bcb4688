"""Parameters of a statement: bound as values, never as SQL."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from localaws.redshift_data.parameters import bind
from tests.localaws.redshift_data.conftest import Warehouse

PAGE = "redshift/latest/mgmt/data-api-calling-considerations-authentication.html"
PARAMETERS = "redshift-data/latest/APIReference/API_SqlParameter.html"


def named(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_a_value_takes_the_type_of_its_place(warehouse: Warehouse) -> None:
    sql = 'SELECT :n::INTEGER + 1, :text, \':text\', ":n" FROM (SELECT 5 AS ":n") AS u -- :x'

    rows = warehouse.rows(sql, Parameters=named(n="41", text="it's; DROP TABLE t"))

    assert rows == [(42, "it's; DROP TABLE t", ":text", 5)]


@pytest.mark.rule(
    "Each parameter has a value and is used, and is no empty text",
    page=PARAMETERS,
    group="data-api",
)
@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT :a", named(b="1")),
        ("SELECT :a", named(a="1", b="2")),
        ("SELECT :a", named(a="1") * 2),
        ("SELECT :a", named(a="")),
        ("SELECT 1", named(a="1")),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    warehouse: Warehouse, sql: str, parameters: list[dict[str, str]]
) -> None:
    with pytest.raises(ClientError) as error:
        warehouse.submit(sql, Parameters=parameters)

    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert warehouse.rows("SELECT :a", Parameters=named(a="1")) == [("1",)]


def test_a_batch_shares_its_parameters(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (:n)", "DELETE FROM t WHERE n > :n",
        Parameters=named(n="3"),
    )  # fmt: skip

    assert warehouse.rows("SELECT n FROM t") == [(3,)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_is_one_literal(text: str) -> None:
    bound, used = bind("SELECT :a", {"a": text})

    assert bound == "SELECT '" + text.replace("'", "''") + "'"
    assert used == {"a"}

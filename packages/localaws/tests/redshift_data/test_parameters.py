"""Parameters of a statement: bound as values, never as SQL."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from localaws.redshift_data.parameters import bind

from .conftest import Warehouse

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


@pytest.mark.rule("A parameter binds a value, never a name", page=PAGE, group="data-api")
def test_a_name_is_not_bound(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE t (n INTEGER)")

    error = warehouse.refuse("SELECT n FROM :name", Parameters=named(name="t"))

    assert error.startswith("ERROR: syntax error at or near")
    assert warehouse.rows("SELECT n FROM t WHERE n = :n", Parameters=named(n="1")) == []


def test_a_parameter_without_a_value_fails_the_statement(warehouse: Warehouse) -> None:
    expected = 'ERROR: syntax error at or near ":"'

    assert warehouse.refuse("SELECT :a") == expected
    assert warehouse.refuse("SELECT :a, :b", Parameters=named(a="1")) == expected


def test_an_unused_parameter_is_named(warehouse: Warehouse) -> None:
    with pytest.raises(ClientError) as error:
        warehouse.submit("SELECT :a", Parameters=named(a="1", b="2"))

    message = "Parameters list contains unused parameters. Unused parameters: [b]"
    assert error.value.response["Error"]["Message"] == message


@pytest.mark.parametrize("text", ["\\", "a\\", "\\' OR 1=1 --", "%s", "':x'", "NULL", "$1", "é\n"])
def test_a_value_comes_back_as_it_was_sent(warehouse: Warehouse, text: str) -> None:
    warehouse.run("CREATE TABLE t (a VARCHAR(64))")
    warehouse.run("INSERT INTO t VALUES (:a)", Parameters=named(a=text))

    assert warehouse.rows("SELECT a FROM t WHERE a = :a", Parameters=named(a=text)) == [(text,)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_is_one_literal(text: str) -> None:
    bound, used = bind("SELECT :a", {"a": text})

    assert bound == "SELECT '" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    assert used == {"a"}

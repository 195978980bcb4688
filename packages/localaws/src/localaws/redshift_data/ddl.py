"""CREATE TABLE as Redshift means it: keys that nothing enforces, widths that count bytes."""

from collections.abc import Iterator

from sqlglot import exp

from localaws.redshift_data.sql_error import NotSupportedError, SqlError

MAX_VARCHAR = 65_535
TEXT_WIDTH = 256
MAX_NUMERIC_DIGITS = 38
# Names of checks carry the width: an error of theirs has nothing else that tells it.
WIDTH_CHECK = "{column}_bytes_{width}"
MAX_NAME = 63
TYPES = {
    "SMALLINT": "SMALLINT",
    "INT": "INTEGER",
    "BIGINT": "BIGINT",
    "FLOAT": "REAL",
    "DOUBLE": "DOUBLE PRECISION",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMPTZ",
    "TIME": "TIME",
    "TIMETZ": "TIMETZ",
}
# Redshift's types of which nothing here knows how they look or load.
MISSING_TYPES = ("SUPER", "GEOMETRY", "GEOGRAPHY", "HLLSKETCH", "VARBINARY", "INTERVAL")
# Where a row lies and how it is packed: nothing that a single PostgreSQL knows.
IGNORED = (
    exp.EncodeColumnConstraint,
    exp.UniqueColumnConstraint,
    exp.Reference,
)


def create_table(tree: exp.Create, query: str = "") -> str:
    """Give PostgreSQL's statement for a CREATE TABLE of Redshift, AS `query` if it has one.

    ENCODE, DISTSTYLE, DISTKEY and SORTKEY are dropped. PRIMARY KEY, UNIQUE and FOREIGN KEY are
    taken and not enforced, as on Redshift, but for the NOT NULL of a primary key.

    Raises:
        SqlError: Redshift refuses it.
        NotSupportedError: This double does not know a part of it.
    """
    properties = tree.args.get("properties")
    temporary = properties is not None and properties.find(exp.TemporaryProperty) is not None
    start = "CREATE TEMP TABLE" if temporary else "CREATE TABLE"
    if tree.args.get("exists"):
        start += " IF NOT EXISTS"
    if tree.expression is not None:
        return f"{start} {tree.this.sql('postgres')} AS {query}"
    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise NotSupportedError("CREATE TABLE without columns")
    keys = primary_keys(schema)
    parts = [part for item in schema.expressions for part in table_part(item, keys)]
    return f"{start} {schema.this.sql('postgres')} ({', '.join(parts)})"


def alter_table(tree: exp.Alter) -> str | None:
    """Give PostgreSQL's statement for an ALTER TABLE of Redshift, None where it is the same.

    Raises:
        SqlError: Redshift refuses it.
        NotSupportedError: This double does not know it.
    """
    actions = tree.args["actions"]
    if len(actions) != 1:
        raise NotSupportedError("ALTER TABLE with more than one action")
    (action,) = actions
    if isinstance(action, exp.ColumnDef):
        definition = define_column(action, is_key=False)
        return f"ALTER TABLE {tree.this.sql('postgres')} ADD COLUMN {definition}"
    if not isinstance(action, exp.AlterRename | exp.RenameColumn | exp.Drop):
        raise NotSupportedError(f"{action.key.upper()} of ALTER TABLE")
    return None


def primary_keys(schema: exp.Schema) -> set[str]:
    """Give the columns of a primary key, declared beside a column or after all of them."""
    keys = set()
    for item in schema.expressions:
        if isinstance(item, exp.PrimaryKey):
            keys |= {column.name.lower() for column in item.expressions}
        elif isinstance(item, exp.ColumnDef) and item.find(exp.PrimaryKeyColumnConstraint):
            keys.add(item.name.lower())
    return keys


def table_part(item: exp.Expr, keys: set[str]) -> Iterator[str]:
    if isinstance(item, exp.ColumnDef):
        yield define_column(item, is_key=item.name.lower() in keys)
    elif isinstance(item, exp.LikeProperty):
        defaults = any("DEFAULTS" in str(option).upper() for option in item.expressions)
        more = " INCLUDING DEFAULTS" if defaults else ""
        yield f"LIKE {item.this.sql('postgres')} INCLUDING CONSTRAINTS{more}"
    elif not isinstance(item, exp.PrimaryKey | exp.UniqueColumnConstraint | exp.ForeignKey):
        raise NotSupportedError(f"{item.key.upper()} in CREATE TABLE")


def define_column(column: exp.ColumnDef, *, is_key: bool) -> str:
    """Give a column's definition, its width as a check over bytes."""
    name = column.this.sql("postgres")
    if column.kind is None:
        raise SqlError(f"ERROR: column {column.name} has no type")
    definition, width = column_type(column.kind)
    constraints = [
        text for item in column.args.get("constraints") or () for text in column_constraint(item)
    ]
    if is_key and "NOT NULL" not in constraints:
        constraints.append("NOT NULL")
    if width is not None:
        check = WIDTH_CHECK.format(column=column.name, width=width)
        if len(check) > MAX_NAME:
            raise NotSupportedError(f"a text column of so long a name: {column.name}")
        constraints.append(f'CONSTRAINT "{check}" CHECK (octet_length({name}) <= {width})')
    return " ".join([name, definition, *constraints])


def column_constraint(constraint: exp.ColumnConstraint) -> Iterator[str]:
    kind = constraint.args["kind"]
    if isinstance(kind, exp.NotNullColumnConstraint):
        yield "NULL" if kind.args.get("allow_null") else "NOT NULL"
    elif isinstance(kind, exp.DefaultColumnConstraint):
        yield f"DEFAULT {kind.this.sql('postgres')}"
    elif not isinstance(kind, (*IGNORED, exp.PrimaryKeyColumnConstraint)):
        raise NotSupportedError(f"{kind.key} of a column")


def column_type(kind: exp.DataType) -> tuple[str, int | None]:
    """Give PostgreSQL's type, and the width in bytes of a text."""
    name = kind.this.name if isinstance(kind.this, exp.DType) else str(kind.this)
    sizes = [str(size.this) for size in kind.expressions]
    if name in ("VARCHAR", "NVARCHAR", "TEXT"):
        width = text_width(sizes[0]) if sizes and name != "TEXT" else TEXT_WIDTH
        return f"VARCHAR({width})", width
    if name in ("CHAR", "NCHAR", "BPCHAR"):
        width = text_width(sizes[0]) if sizes else 1
        return f"CHAR({width})", width
    if name == "DECIMAL":
        precision, scale = (*[int(size) for size in sizes], *(18, 0)[len(sizes) :])
        if precision > MAX_NUMERIC_DIGITS:
            raise SqlError(f"ERROR: DECIMAL precision {precision} must be between 1 and 38")
        return f"NUMERIC({precision}, {scale})", None
    if name in MISSING_TYPES:
        raise NotSupportedError(f"type {name}")
    if name not in TYPES:
        raise SqlError(f'ERROR: type "{kind.sql("postgres").lower()}" does not exist')
    return TYPES[name], None


def text_width(size: str) -> int:
    width = MAX_VARCHAR if size.upper() == "MAX" else int(size)
    if not 1 <= width <= MAX_VARCHAR:
        raise SqlError(f"ERROR: length for type varchar cannot exceed {MAX_VARCHAR}")
    return width

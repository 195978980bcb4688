"""COPY … FORMAT AS PARQUET, read from its tokens: what it loads, from where, by which role."""

from dataclasses import dataclass, field

from sqlglot import Token, TokenType

from localaws.redshift_data.sql_error import NotSupportedError, SqlError, syntax_error

# AWS's page: redshift/latest/dg/copy-usage_notes-copy-from-columnar
REFUSED_FOR_PARQUET = frozenset(
    """
    REGION MAXERROR ACCEPTANYDATE TRUNCATECOLUMNS COMPUPDATE GZIP BZIP2 LZOP ZSTD DELIMITER
    IGNOREHEADER DATEFORMAT TIMEFORMAT NULL BLANKSASNULL EMPTYASNULL ESCAPE REMOVEQUOTES
    ROUNDEC TRIMBLANKS ENCODING FIXEDWIDTH CSV JSON AVRO QUOTE NOLOAD ENCRYPTED COMPROWS READRATIO
    IGNOREBLANKLINES IGNOREALLERRORS MASTER_SYMMETRIC_KEY
    """.split()
)
NOT_IMPLEMENTED = frozenset({"FILLRECORD", "ACCEPTINVCHARS", "EXPLICIT_IDS", "CREDENTIALS"})


@dataclass
class CopyStatement:
    """A COPY that may run; no columns stand for all of the table's, `table` may have a schema."""

    table: str
    source: str
    columns: list[str] = field(default_factory=list)
    role: str = ""
    is_manifest: bool = False
    is_parquet: bool = False


class Reader:
    """Takes the tokens one by one."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = [token for token in tokens if token.token_type != TokenType.SEMICOLON]
        self.position = 0

    @property
    def is_at_end(self) -> bool:
        return self.position >= len(self.tokens)

    def take(self) -> Token:
        if self.is_at_end:
            raise SqlError("ERROR: syntax error at end of input")
        self.position += 1
        return self.tokens[self.position - 1]

    def next_is(self, *words: str) -> bool:
        is_one = not self.is_at_end and self.tokens[self.position].text.upper() in words
        self.position += is_one
        return is_one

    def expect(self, word: str) -> None:
        if not self.next_is(word):
            raise syntax_error(self.take().text)

    def take_text(self) -> str:
        token = self.take()
        if token.token_type != TokenType.STRING:
            raise syntax_error(token.text)
        return token.text


def read_copy(tokens: tuple[Token, ...]) -> CopyStatement:
    """Read a COPY.

    Raises:
        SqlError: Redshift refuses it for Parquet.
        NotSupportedError: It loads another format, or by other means than a role.
    """
    reader = Reader(tokens)
    reader.expect("COPY")
    table = read_name(reader)
    if reader.next_is("."):
        table = f"{table}.{read_name(reader)}"
    columns = read_columns(reader)
    reader.expect("FROM")
    statement = CopyStatement(table, reader.take_text(), columns)
    if not statement.source.startswith("s3://"):
        raise NotSupportedError("COPY from anything but s3://")
    while not reader.is_at_end:
        read_option(reader, statement)
    if not statement.is_parquet:
        raise NotSupportedError("COPY of anything but FORMAT AS PARQUET")
    if not statement.role:
        raise SqlError("ERROR: COPY needs the IAM_ROLE that reads from S3")
    return statement


def read_columns(reader: Reader) -> list[str]:
    columns: list[str] = []
    if reader.next_is("("):
        columns.append(read_name(reader))
        while reader.next_is(","):
            columns.append(read_name(reader))
        reader.expect(")")
    return columns


def read_name(reader: Reader) -> str:
    """Give a name, in lower case as Redshift keeps it, quoted or not."""
    token = reader.take()
    is_word = token.text.isidentifier() and token.token_type != TokenType.STRING
    if not is_word and token.token_type != TokenType.IDENTIFIER:
        raise syntax_error(token.text)
    return token.text.lower()


def read_option(reader: Reader, statement: CopyStatement) -> None:
    word = reader.take().text.upper()
    if word == "IAM_ROLE":
        token = reader.take()
        is_default = token.text.upper() == "DEFAULT" and token.token_type != TokenType.STRING
        is_text = token.token_type == TokenType.STRING and token.text.lower() != "default"
        if not is_default and not is_text:
            raise syntax_error(token.text)
        statement.role = "default" if is_default else token.text
    elif word == "MANIFEST":
        statement.is_manifest = True
    elif word == "STATUPDATE":
        reader.next_is("ON", "OFF", "TRUE", "FALSE")
    elif word in ("FORMAT", "PARQUET", "ORC"):
        read_format(reader, statement, word)
    elif word in REFUSED_FOR_PARQUET:
        raise SqlError(f"ERROR: {word} argument is not supported for PARQUET based COPY")
    elif word in NOT_IMPLEMENTED:
        raise NotSupportedError(f"{word} of COPY")
    else:
        raise syntax_error(word)


def read_format(reader: Reader, statement: CopyStatement, word: str) -> None:
    if word == "FORMAT":
        reader.next_is("AS")
        word = reader.take().text.upper()
    if word != "PARQUET":
        raise NotSupportedError(f"COPY of {word}")
    statement.is_parquet = True

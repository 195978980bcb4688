"""Write docs/coverage.md: which of AWS's rules the stand-in holds, by which test, and which not."""

import argparse
import contextlib
import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from commands.checkout import ROOT
from commands.console import say, verb
from localaws import not_covered as servers
from localaws.emr_serverless import not_covered as emr_serverless
from localaws.redshift_data import not_covered as redshift_data

PAGE = ROOT / "docs" / "coverage.md"
TESTS = ROOT / "packages" / "localaws" / "tests"
AWS_PAGES = "https://docs.aws.amazon.com/"
GROUPS = {
    "data-api": "Redshift Data API",
    "copy": "Redshift: COPY from Parquet",
    "merge": "Redshift: MERGE",
    "sql": "Redshift: SQL",
    "redshift": "Redshift: transactions and tables",
    "emr": "EMR Serverless",
    "s3": "S3",
    "dynamodb": "DynamoDB",
    "endpoint": "All of them: signatures, errors",
}
LEFT_OUT = {
    "Redshift": redshift_data.NOT_COVERED,
    "EMR Serverless": emr_serverless.NOT_COVERED,
    "S3, DynamoDB and moto's services": servers.NOT_COVERED,
}
INTRODUCTION = """\
# What the stand-in holds you to

The local AWS refuses what AWS refuses, as far as this page goes. Each rule names the page of AWS's
documentation that it follows and the test that shows it. Made by `make coverage`, from the tests.
"""


@dataclass(frozen=True, order=True)
class Rule:
    """A rule of AWS, its documentation, and a test of it."""

    group: str
    text: str
    page: str
    test: str


class Collector:
    """A plugin of pytest that keeps the rules of the tests it collects."""

    def __init__(self) -> None:
        self.rules: set[Rule] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the markers of all tests."""
        for item in items:
            test = item.nodeid.partition("[")[0]
            for marker in item.iter_markers("rule"):
                named = marker.kwargs
                self.rules.add(Rule(named["group"], marker.args[0], named["page"], test))


def collect_rules() -> list[Rule]:
    """Collect the rules from the tests of localaws, running none."""
    collector = Collector()
    options = ["--collect-only", "-qq", "-c", str(ROOT / "pyproject.toml"), str(TESTS)]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code = pytest.main(options, plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"the tests cannot be collected:\n{output.getvalue()}")
    return sorted(collector.rules)


def render(rules: Iterable[Rule]) -> str:
    """Give the page: a table for each group, then what is not covered and why."""
    by_group: dict[str, list[Rule]] = {group: [] for group in GROUPS}
    for rule in rules:
        by_group[rule.group].append(rule)
    lines = [INTRODUCTION]
    for group, found in by_group.items():
        if found:
            lines += [f"## {GROUPS[group]}\n", "| rule | AWS page | test |", "|---|---|---|"]
            lines += [render_rule(rule) for rule in found]
            lines.append("")
    lines.append("## Not covered\n")
    for title, entries in LEFT_OUT.items():
        lines += [f"### {title}\n", "| rule | why it is left out |", "|---|---|"]
        lines += [f"| {cell(rule)} | {cell(reason)} |" for rule, reason in entries]
        lines.append("")
    return "\n".join(lines)


def render_rule(rule: Rule) -> str:
    name = rule.page.rsplit("/", 1)[-1].removesuffix(".html")
    test = rule.test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    file = rule.test.partition("::")[0]
    return f"| {cell(rule.text)} | [{name}]({AWS_PAGES}{rule.page}) | [{test}](../{file}) |"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


@verb()
def main(argv: list[str]) -> int:
    """Write the page, or with --check tell whether it is as the tests are."""
    parser = argparse.ArgumentParser(prog="make coverage", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args(argv)
    page = render(collect_rules())
    if not args.check:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page:
        return 0
    say("error: docs/coverage.md is not what the tests say: make coverage")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

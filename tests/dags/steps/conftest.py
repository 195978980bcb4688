"""An empty ledger for the steps that claim and give back."""

from tests.ledger_fixtures import dynamodb, ledger

__all__ = ["dynamodb", "ledger"]

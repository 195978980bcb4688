"""An empty ledger for the steps that claim and give back, a place for the one that loads."""

from tests.dags.metadata_place import place
from tests.ledger_fixtures import dynamodb, ledger

__all__ = ["dynamodb", "ledger", "place"]

"""Statements and numbered migrations of the database `metadata` (RDS PostgreSQL)."""

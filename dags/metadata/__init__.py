"""Users and songs files: the rules of their rows, their load into RDS, and its report."""

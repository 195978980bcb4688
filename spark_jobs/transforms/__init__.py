"""The business rules: pure transformations of DataFrames."""

"""A run of the three jobs over a folder of files: no AWS, no Airflow."""

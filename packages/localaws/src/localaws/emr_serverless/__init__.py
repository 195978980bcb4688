"""EMR Serverless on one machine: its API, and job runs that are real spark-submit processes."""

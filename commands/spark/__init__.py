"""Java, jars and certificates of pinned hashes, and jobs by plain spark-submit."""

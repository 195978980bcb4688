"""What is computed: the three Spark jobs, their rules, shapes and storage."""

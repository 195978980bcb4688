"""What operators of any environment run over a pipeline: it knows no stand-in and no verb."""

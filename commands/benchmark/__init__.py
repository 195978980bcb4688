"""The jobs measured: against other engines, in growth, over history, and the warehouse."""

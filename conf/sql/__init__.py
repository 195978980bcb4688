"""SQL files, one statement each, read by importlib.resources."""

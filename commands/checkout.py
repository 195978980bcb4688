"""Where this checkout lies, and what was fetched for it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
PROGRAMS = CACHE / "programs"

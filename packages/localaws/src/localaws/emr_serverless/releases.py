"""Release labels: which there are, and which came before which."""

import re

from localaws.endpoint.service import ServiceError

LABEL = re.compile(r"emr-(?P<spark>spark-)?(?P<major>\d+)\.(?P<minor>\d+)\.\d+(-latest)?")
# The last minor release of each major one that Serverless has; 8 is labelled emr-spark-.
LAST_MINOR = {("", 6): 15, ("", 7): 14, ("spark-", 8): 1}
FIRST_OF_6 = 6


def read_release(label: str) -> tuple[int, int]:
    """Read major and minor number of a label.

    Raises:
        ServiceError: ValidationException: there is no such release.
    """
    match = LABEL.fullmatch(label)
    if match:
        major, minor = int(match["major"]), int(match["minor"])
        last = LAST_MINOR.get((match["spark"] or "", major), -1)
        if (FIRST_OF_6 if major == 6 else 0) <= minor <= last:
            return major, minor
    raise ServiceError("ValidationException", f"Release label {label} is not supported.")

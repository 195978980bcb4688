"""Where a statement runs: a workgroup and a database of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from localaws.endpoint.service import ServiceError

OTHER_PLACES = ("ClusterIdentifier", "SessionId", "SessionKeepAliveSeconds")


def invalid(message: str) -> ServiceError:
    """Give the API's error for a request that cannot be carried out as it is."""
    return ServiceError("ValidationException", message)


class Places:
    """The workgroups, each with its databases."""

    def __init__(self, workgroups: Mapping[str, Sequence[str]]) -> None:
        self._workgroups = workgroups

    def databases(self, workgroup: str) -> list[str]:
        """Give a workgroup's databases, sorted."""
        return sorted(self._workgroups[workgroup])

    def check(self, values: Mapping[str, Any]) -> None:
        """Refuse a request that names no workgroup and database of these.

        Raises:
            ServiceError: ValidationException.
        """
        for name in OTHER_PLACES:
            if values.get(name):
                raise invalid(f"{name} is not supported by the local AWS: name a WorkgroupName")
        workgroup = values.get("WorkgroupName")
        if not workgroup:
            raise invalid("Either ClusterIdentifier or WorkgroupName must be given")
        if workgroup not in self._workgroups:
            raise invalid("Redshift endpoint doesn't exist in this region.")
        if not values.get("Database"):
            raise invalid("Database must be given")
        if values["Database"] not in self._workgroups[workgroup]:
            raise invalid(f'FATAL: database "{values["Database"]}" does not exist')

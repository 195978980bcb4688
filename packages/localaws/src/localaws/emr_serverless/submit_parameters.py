"""sparkSubmitParameters, read as spark-submit would read them."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

# Options that are another way to write a property.
PROPERTY_OF = {
    "--driver-cores": "spark.driver.cores",
    "--driver-memory": "spark.driver.memory",
    "--driver-java-options": "spark.driver.extraJavaOptions",
    "--driver-class-path": "spark.driver.extraClassPath",
    "--driver-library-path": "spark.driver.extraLibraryPath",
    "--executor-cores": "spark.executor.cores",
    "--executor-memory": "spark.executor.memory",
    "--num-executors": "spark.executor.instances",
    "--packages": "spark.jars.packages",
    "--repositories": "spark.jars.repositories",
    "--exclude-packages": "spark.jars.excludes",
    "--master": "spark.master",
    "--deploy-mode": "spark.submit.deployMode",
}
# Options that name files: they stay options, their values are checked.
FILE_OPTIONS = ("--py-files", "--jars", "--files", "--archives")
FILE_PROPERTIES = ("spark.submit.pyFiles", "spark.jars", "spark.files", "spark.archives")
OPTIONS = (*FILE_OPTIONS, "--class", "--name")
SWITCHES = ("--verbose", "-v")


class ParametersError(ValueError):
    """The text is no list of spark-submit's options; the message says where."""


@dataclass(frozen=True)
class SubmitParameters:
    """The properties set by options, and the options that stay as they are."""

    properties: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def read_parameters(text: str) -> SubmitParameters:
    """Split the text as a shell splits it, and run nothing.

    Raises:
        ParametersError: An open quote, an unknown option, an option without its value.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ParametersError(f"cannot be split: {error}") from error
    properties: dict[str, str] = {}
    options: list[str] = []
    files: list[str] = []
    for name, value in _read_pairs(words):
        if name in SWITCHES:
            options.append(name)
        elif name in ("--conf", "-c"):
            properties.update([_read_property(value)])
        elif name in PROPERTY_OF:
            properties[PROPERTY_OF[name]] = value
        elif name in OPTIONS:
            options += [name, value]
            files += value.split(",") if name in FILE_OPTIONS else []
        else:
            raise ParametersError(f"unrecognized option {name}")
    named = [properties[name] for name in FILE_PROPERTIES if name in properties]
    files += [uri for uris in named for uri in uris.split(",")]
    return SubmitParameters(properties, tuple(options), tuple(files))


def _read_pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        name, is_joined, value = word.partition("=")
        if word in SWITCHES:
            name, value = word, "true"
        elif not is_joined or not name.startswith("--"):
            name, value = word, next(rest, "")
        if not value:
            raise ParametersError(f"{name} has no value")
        yield name, value


def _read_property(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not is_pair or not name.strip():
        raise ParametersError(f"--conf {text} is no property=value")
    return name.strip(), value.strip()

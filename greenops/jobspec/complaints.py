"""What is wrong with a file that somebody wrote: every fault, where, and what is right.

The reader collects and goes on, so that a file is corrected once and not once a fault.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from greenops.errors import ConfigError
from greenops.jobspec.lines import Lines
from greenops.jobspec.tables import SMALLEST

MOST_SHOWN = 20
LONGEST_CHARS = 60
Model = TypeVar("Model", bound=BaseModel)
_MUST_BE = {
    "bool_type": "must be true or false",
    "datetime_type": "must be a date with a time, without quotes",
    "finite_number": "must be a finite number",
    "float_type": "must be a number, without quotes",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "int_type": "must be a whole number, without quotes",
    "less_than_equal": "must be at most {le:g}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "model_type": "must be a table",
    "string_too_long": "must be at most {max_length} characters long",
    "string_too_short": "must not be empty",
    "string_type": "must be text, in quotes",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entry",
}


class Complaints:
    """Sentences about files, in the order they were found."""

    def __init__(self) -> None:
        """Begin without any."""
        self._said: list[str] = []
        self._more = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._said) + self._more

    @property
    def enough(self) -> bool:
        """Whether no more will be shown: what is found now is only counted."""
        return len(self._said) >= MOST_SHOWN

    def add(self, sentence: str) -> None:
        """Take a sentence that names its file."""
        if self.enough:
            self._more += 1
        elif sentence not in self._said:
            self._said.append(sentence)

    def raise_any(self) -> None:
        """Return if there are none.

        Raises:
            ConfigError: there are; one on each line, and how many more there were.
        """
        if not self._said:
            return
        more = [f"and {self._more} more complaints"] if self._more else []
        raise ConfigError("\n".join((*self._said, *more)))


class Spot:
    """A table of a file, for complaints about what is in it."""

    def __init__(
        self, complaints: Complaints, file: str, lines: Lines, path: Sequence[str | int]
    ) -> None:
        """Stand at the table that `path` leads to."""
        self._complaints = complaints
        self._file = file
        self._lines = lines
        self._path = tuple(path)

    @property
    def complained(self) -> int:
        """How many complaints there are by now, of this table and of others."""
        return len(self._complaints)

    def complain(self, sentence: str, *keys: str | int) -> None:
        """Add a complaint about a key below the table, or about the table itself."""
        line = self._lines.of((*self._path, *keys))
        self._complaints.add(f"{self._file}{f':{line}' if line else ''}: {sentence}")

    def checked(self, model: type[Model], table: Mapping[str, Any]) -> Model | None:
        """Return the table as `model`; None: it is none, as the complaints say."""
        try:
            return model.model_validate(table)
        except ValidationError as e:
            for error in e.errors(include_url=False):
                said = "" if self._complaints.enough else _sentence(model, error)
                self.complain(said, *error["loc"])
            return None

    def near(self, word: str, known: Collection[str]) -> str:
        """Return which of the known words may have been meant, or which there are."""
        if self._complaints.enough:  # thousands of comparisons that nobody sees
            return ""
        return near(word, known) or f"; there are {', '.join(sorted(known)[:20])}"


def near(word: str, known: Collection[str]) -> str:
    """Return `; did you mean 'a' or 'b'?`, or nothing where nothing is near."""
    close = get_close_matches(word, known, n=3)
    return "; did you mean " + " or ".join(map(repr, close)) + "?" if close else ""


def shown(given: object) -> str:
    """Return a value as it may stand in a message: on one line, and short."""
    text = str(given).lower() if isinstance(given, bool) else repr(given)
    return text if len(text) <= LONGEST_CHARS else text[: LONGEST_CHARS - 3] + "..."


def _sentence(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    names = [part for part in error["loc"] if isinstance(part, str)]
    key, fields = _deepest(model, names)
    dotted = ".".join(names)
    if error["type"] == "extra_forbidden":
        hint = near(key, fields) or f"; there are {', '.join(fields)}"
        return f"unknown key {shown(dotted)}{hint}"
    field = fields[key]
    example = field.examples[0] if field.examples else ""
    right = f", such as {key} = {example} ({field.description})"
    if error["type"] == "missing":
        return f"{dotted} is missing{right}"
    limits = error.get("ctx", {})
    must = _MUST_BE.get(error["type"], "{msg}")
    if limits.get("ge") == SMALLEST:  # a millionth stands for what people call 0
        must = "must be above 0, {ge:g} at least"
    said = must.format(**limits, msg=error["msg"])
    return f"{dotted} = {_given(error['input'])}: {said}{right}"


def _given(given: object) -> str:
    return "..." if isinstance(given, Mapping) else shown(given)


def _deepest(
    model: type[BaseModel], names: Sequence[str]
) -> tuple[str, dict[str, FieldInfo]]:
    """Return the last of `names` that is a key of a model, and that model's keys.

    Names below it are the free ones of a table of numbers.
    """
    for i, name in enumerate(names):
        field = model.model_fields.get(name)
        inner = field and next(_models_in(field.annotation), None)
        if not inner or i == len(names) - 1:
            return name, model.model_fields
        model = inner
    return "", model.model_fields


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any type there is
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models_in(part)

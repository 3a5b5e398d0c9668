"""What the tables of job and place files have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_TEXT_CHARS = 200
MOST_HOURS = 366 * 24.0
LARGEST = 1e9
SMALLEST = 1e-6
"""Nothing anybody plans for is larger, or, where it cannot be 0, smaller, in any unit
here: a slip of the keyboard is."""


class Table(BaseModel):
    """A table in which a number is a number, and an unknown key a mistake."""

    model_config = ConfigDict(
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        str_max_length=LONGEST_TEXT_CHARS,
        str_strip_whitespace=True,
        strict=True,
    )


def key(example: str, meaning: str, default: object = ..., **checks: Any) -> Any:  # noqa: ANN401 - as pydantic.Field
    """Return a key: an example in TOML, one line for people, and what it may be.

    One row serves the reader, its complaints and the test of the documentation.
    """
    return Field(default, examples=[example], description=meaning, **checks)


def amount(
    example: str,
    meaning: str,
    default: object = None,
    **checks: Any,  # noqa: ANN401 - as pydantic.Field
) -> Any:  # noqa: ANN401 - as pydantic.Field
    """Return the key of a quantity of at least 0, unless `checks` say otherwise."""
    bounds = {"ge": 0.0, "le": LARGEST} | checks
    if "gt" in checks:
        bounds["ge"] = SMALLEST
    return key(example, meaning, default, **bounds)


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


Text = Annotated[str, Field(min_length=1)]
Names = Annotated[list[Text], BeforeValidator(_listed)]
"""A list of names; one alone may stand without brackets."""

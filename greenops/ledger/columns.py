"""Kinds of columns, as the tables of the ledger declare them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Text,
)

metadata = MetaData()

KEY = BigInteger().with_variant(Integer, "sqlite")
NUMBER: Double[float] = Double().with_variant(Float, "sqlite")


def parent_key(target: str, *, primary: bool = True) -> Column[int]:
    """Return a column that holds the key `target`, whose row takes this one along."""
    return Column(
        target.rpartition(".")[2],
        KEY,
        ForeignKey(target, ondelete="CASCADE"),
        primary_key=primary,
        nullable=False,
        autoincrement=False,
    )


def numbers(*names: str, nullable: bool = False) -> list[Column[float]]:
    """Return columns of floats."""
    return [Column(name, NUMBER, nullable=nullable) for name in names]


def counts(*names: str) -> list[Column[int]]:
    """Return columns of whole numbers, as large as counts may grow."""
    return [Column(name, BigInteger, nullable=False) for name in names]


def texts(*names: str, nullable: bool = False) -> list[Column[str]]:
    """Return columns of text."""
    return [Column(name, Text, nullable=nullable) for name in names]

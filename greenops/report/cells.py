"""Values as cells of a spreadsheet that cannot be made to run."""

from greenops.report.text import safe

# The last four are the full-width forms of = + - @, which spreadsheets take alike.
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def guarded(cell: object) -> object:
    """Return a cell that a spreadsheet shows and does not run as a formula.

    Numbers stay numbers; text that begins like a formula gets an apostrophe, and
    control characters are made visible: the cells may well end on a terminal.

    Source:
        OWASP, "CSV Injection".
    """
    if not isinstance(cell, str):
        return cell
    text = safe(cell)
    return f"'{text}" if cell.lstrip(" ").startswith(FORMULA_STARTS) else text

"""Values as cells of a spreadsheet that cannot be made to run."""

# The last four are the full-width forms of = + - @, which spreadsheets take alike.
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def guarded(cell: object) -> object:
    """Return a cell that a spreadsheet shows and does not run as a formula.

    Numbers stay numbers; text that begins like a formula gets an apostrophe.

    Source:
        OWASP, "CSV Injection".
    """
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text

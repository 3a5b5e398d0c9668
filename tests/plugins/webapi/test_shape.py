import math
import traceback

import pytest

from greenops.errors import SignalError
from greenops_webapi import json_of, member, rows_of

URL = "https://grid.test/x"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty answer"),
        (b"<html>Please log in", "a web page instead of JSON"),
        (b'{"a": [1, 2', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
    ],
    ids=["empty", "html", "cut", "deep", "bytes", "digits"],
)
def test_what_is_no_json_is_said_by_kind_and_not_quoted(body, said):
    with pytest.raises(SignalError, match=f"{URL}.*{said}"):
        json_of(body, URL)


def test_the_answer_is_in_no_traceback():
    token = "c4n4" + "ry"
    body = f'{{"token": "{token}"'.encode()
    with pytest.raises(SignalError) as failed:
        json_of(body, URL)

    assert token not in "".join(traceback.format_exception(failed.value))


def test_nan_is_kept_for_the_check_of_values():
    assert math.isnan(json_of(b'{"v": NaN}', URL)["v"])


def test_a_missing_member_is_named_beside_what_is_there():
    with pytest.raises(SignalError, match=r"no 'a\.b'; it has c"):
        member({"a": {"c": 1}}, "a", "b", url=URL)
    with pytest.raises(SignalError, match="no 'a'; it has a list"):
        member([], "a", url=URL)


@pytest.mark.parametrize("rows", [{}, "x", [1], [None], None])
def test_rows_are_a_list_of_objects(rows):
    with pytest.raises(SignalError, match="no list of objects"):
        rows_of({"data": rows}, "data", url=URL)

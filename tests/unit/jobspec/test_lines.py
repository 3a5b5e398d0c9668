import pytest

from greenops.jobspec.lines import Lines

TEXT = """
title = 1
[[job]]
name = "a"
[job.pause]
save_s = 1
[[job.data]]
name = "x"
[[job.data]]
"size" = 2
[[job]]
name = "b"
at.once = true
[[job.data]]
name = "y"
[budgets]
vision = 3
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("job", 0), 3),
        (("job", 0, "name"), 4),
        (("job", 0, "pause", "save_s"), 6),
        (("job", 0, "data", 1, "size"), 10),
        (("job", 0, "data", 0, "size"), 7),
        (("job", 1, "name"), 12),
        (("job", 1, "at", "once"), 13),
        (("job", 1, "data", 0, "name"), 15),
        (("job", 1, "missing"), 11),
        (("budgets", "vision"), 17),
        (("nothing",), None),
        ((), None),
    ],
)
def test_a_key_is_found_on_its_line_else_the_table_around_it(path, line):
    assert Lines(TEXT).of(path) == line


def test_a_lone_table_is_the_first_of_one():
    assert Lines('[job]\nname = "a"\n').of(("job", 0, "name")) == 2

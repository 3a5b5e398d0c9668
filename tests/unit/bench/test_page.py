from hypothesis import given
from hypothesis import strategies as st

from tests.bench.page import HEAD, table, with_section

NAMES = st.sampled_from(["bench-wrap", "bench-kill", "bench-steady"])
BODIES = st.text(alphabet="abc|\\ \n1", max_size=40).map(lambda text: f"{text}\n")


def test_a_new_section_goes_to_the_end_of_the_page():
    page = with_section(HEAD, "bench-kill", "## Kills\n")
    assert page.startswith(HEAD.rstrip())
    assert page.endswith(
        "<!-- bench-kill: begin -->\n## Kills\n<!-- bench-kill: end -->\n"
    )


def test_a_backslash_in_a_section_is_kept_as_it_is():
    page = with_section(HEAD, "bench-kill", "old\n")
    assert r"\1 \g<0>" in with_section(page, "bench-kill", r"\1 \g<0>" + "\n")


@given(st.lists(st.tuples(NAMES, BODIES), max_size=8))
def test_each_section_holds_what_was_written_last_and_stands_once(writes):
    page = HEAD
    for name, body in writes:
        page = with_section(page, name, body)
    for name, body in dict(writes).items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        assert page.count(begin) == page.count(end) == 1
        assert page.partition(begin)[2].partition(end)[0] == body


def test_tables_align_figures_right():
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"

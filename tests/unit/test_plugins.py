import pytest

from greenops.plugins import find_plugins, plugin_names

GROUP = "greenops.test"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Lay down just enough of a distribution for importlib to find it."""

    def _install(name, points, **modules):
        place = tmp_path / name
        info = place / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}\n")
        for module, source in modules.items():
            (place / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(place)

    return _install


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("import no_such_module_at_all", "no_such_module", id="import"),
        pytest.param("raise ValueError('no licence')", "no licence", id="raises"),
        pytest.param("raise SystemExit(3)", "SystemExit", id="exits"),
        pytest.param("other = 1", "Thing", id="lacks-its-name"),
    ],
)
def test_a_broken_plugin_is_reported_and_stops_no_other(install, source, said, request):
    module = f"bad_{request.node.callspec.id.replace('-', '_')}"
    install("well", "well = well_module:Thing", well_module="class Thing: pass")
    install("bad", f"bad = {module}:Thing", **{module: source})

    found = find_plugins(GROUP)

    assert list(found.loaded) == ["well"]
    assert said in found.failed["bad"]


def test_two_plugins_of_one_name_are_both_refused(install):
    install("one", "same = one_module:Thing", one_module="class Thing: pass")
    install("two", "same = two_module:Thing", two_module="class Thing: pass")

    found = find_plugins(GROUP)

    assert found.loaded == {}
    assert "one_module:Thing and two_module:Thing" in found.failed["same"]


def test_one_plugin_installed_twice_is_one(install):
    install("once", "same = once_module:Thing", once_module="class Thing: pass")
    install("again", "same = once_module:Thing", once_module="class Thing: pass")

    assert list(find_plugins(GROUP).loaded) == ["same"]


def test_disabled_plugins_are_not_even_imported(install):
    install("off", "off = off_module:Thing", off_module="raise SystemExit")

    found = find_plugins(GROUP, skip=("off", "unknown"))

    assert found.skipped == ("off",)
    assert found.failed == {}


def test_a_distribution_may_be_left_out(install):
    install("own", "own = own_module:Thing", own_module="class Thing: pass")

    assert find_plugins(GROUP, skip_distribution="own").loaded == {}


def test_a_group_that_nobody_fills_is_empty():
    assert find_plugins("greenops.nobody").loaded == {}


def test_only_what_is_wanted_is_imported_and_names_cost_no_import(install):
    install("wanted", "wanted = wanted_module:Thing", wanted_module="class Thing: pass")
    install("bomb", "bomb = bomb_module:Thing", bomb_module="raise SystemExit")

    found = find_plugins(GROUP, only=("wanted", "unheard-of"))

    assert list(found.loaded) == ["wanted"]
    assert found.failed == {}
    assert plugin_names(GROUP) == {"wanted", "bomb"}

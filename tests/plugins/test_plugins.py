"""What holds for every plugin of this repository."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from greenops.plugins import SIGNALS, find_plugins

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(
    p for p in (ROOT / "plugins").iterdir() if (p / "__init__.py").exists()
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WEB = {"eia", "electricitymaps", "entsoe", "neso", "watttime"}
INDEX = (ROOT / "plugins" / "README.md").read_text()

LOAD_WITHOUT = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {gone!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
from greenops.plugins import find_plugins
found = find_plugins("greenops.signals")
for name, why in found.failed.items():
    print("failed", name, why)
for name in found.loaded:
    print("loaded", name)
"""


def test_the_plugins_are_found():
    assert set(find_plugins(SIGNALS).loaded) >= WEB


@pytest.mark.parametrize("gone", ["httpx", "tenacity"])
def test_a_missing_library_is_reported_with_the_remedy_and_breaks_nothing_else(gone):
    script = LOAD_WITHOUT.format(gone=(gone,))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    lines = done.stdout.splitlines()
    failed = [line.split()[1] for line in lines if line.startswith("failed")]
    assert set(failed) == WEB
    assert all("pip install 'greenops[signals]'" in x for x in lines if "failed" in x)
    assert "loaded annual" in lines


def test_a_library_of_one_source_is_missed_by_that_one_only():
    script = LOAD_WITHOUT.format(gone=("defusedxml",))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    failed = [x for x in done.stdout.splitlines() if x.startswith("failed")]
    assert [x.split()[1] for x in failed] == ["entsoe"]
    assert "pip install 'greenops[signals]'" in failed[0]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda p: p.name)
def test_every_plugin_has_a_readme_that_the_index_leads_to(plugin):
    assert (plugin / "README.md").exists()
    assert f"]({plugin.name}/README.md)" in INDEX


@pytest.mark.parametrize("name", sorted(WEB))
def test_the_readme_of_a_source_names_its_settings_and_its_variables(name):
    package = ROOT / "plugins" / f"greenops_{name}"
    readme = (package / "README.md").read_text()
    code = (package / "signal.py").read_text()
    keys = re.search(r"keys=\(([^)]*)\)", code)
    variables = re.findall(r'"(GREENOPS_[A-Z_]+)"', code)

    named = {"base_url", "timeout_s", *re.findall(r'"(\w+)"', keys[1] if keys else "")}
    assert [key for key in named if f"`{key}`" not in readme] == []
    assert [v for v in variables if v not in readme] == []


@pytest.mark.parametrize(
    "page", [ROOT / "plugins" / "README.md", *(p / "README.md" for p in PLUGINS)],
    ids=lambda p: p.parent.name,
)  # fmt: skip
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", page.read_text())

    local = [x for x in links if not x.startswith(("http:", "https:"))]
    assert [x for x in local if not (page.parent / x).exists()] == []


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda p: p.name)
def test_the_import_contracts_know_every_plugin(plugin):
    linter = PROJECT["tool"]["importlinter"]

    assert plugin.name in linter["root_packages"]
    assert any(
        plugin.name in contract.get("source_modules", ())
        for contract in linter["contracts"]
    )


def test_all_and_dev_bring_the_libraries_of_the_sources():
    extras = PROJECT["project"]["optional-dependencies"]

    assert "signals" in extras["all"][0]
    assert {re.split(r"[>=<]", x)[0] for x in extras["signals"]} == {
        "defusedxml",
        "httpx",
        "tenacity",
    }

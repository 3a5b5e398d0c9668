from pathlib import Path

import pytest

from greenops.errors import ConfigError
from greenops_webapi import Settings


def test_an_unknown_key_is_named_with_near_matches():
    with pytest.raises(
        ConfigError, match=r"signals\.x has no key 'timeout'.*timeout_s"
    ):
        Settings("x", {"timeout": 3})


def test_an_unknown_key_like_no_other_gets_the_whole_list():
    with pytest.raises(ConfigError, match="it has base_url, plan, timeout_s"):
        Settings("x", {"zzz": 3}, keys=("plan",))


@pytest.mark.parametrize(
    "url",
    [
        "http://grid.test",
        "ftp://grid.test",
        "https://",
        "https://me:pw@grid.test",
        "https://grid.test/?key=1",
        "https://grid.test:port",
        "//grid.test",
        "http://127.0.0.1.grid.test",
    ],
)
def test_a_base_url_that_would_send_keys_in_the_clear_is_refused(url):
    with pytest.raises(ConfigError, match="base_url"):
        Settings("x", {"base_url": url}).base_url("https://grid.test")


@pytest.mark.parametrize(
    "url", ["https://grid.test/v3", "http://127.0.0.1:80", "http://[::1]:8080"]
)
def test_https_and_loopback_are_fine(url):
    assert Settings("x", {"base_url": url + "/"}).base_url("") == url


@pytest.mark.parametrize("given", [0, -1, 1e9, "10", True, float("nan"), None])
def test_a_timeout_out_of_range_is_refused(given):
    with pytest.raises(ConfigError, match=r"timeout_s must be a number from 0\.05"):
        Settings("x", {"timeout_s": given}).timeout_s(10)


def test_what_is_not_given_is_the_default():
    settings = Settings("x", {}, keys=("plan", "key_file"))

    assert settings.timeout_s(10) == 10
    assert settings.text("plan") == ""
    assert settings.path("key_file") is None
    assert settings.choice("plan", ("a", "b"), "a") == "a"


def test_a_choice_lists_the_choices():
    with pytest.raises(ConfigError, match="must be one of a, b"):
        Settings("x", {"plan": "c"}, keys=("plan",)).choice("plan", ("a", "b"), "a")


def test_a_path_is_absolute_or_from_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    settings = Settings("x", {"key_file": "~/key"}, keys=("key_file",))

    assert settings.path("key_file") == Path("/home/me/key")
    with pytest.raises(ConfigError, match="must start with"):
        Settings("x", {"key_file": "key"}, keys=("key_file",)).path("key_file")

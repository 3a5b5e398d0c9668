import pytest

from greenops.errors import ConfigError
from greenops.signals.annual import AnnualSignal
from greenops.signals.hourly_model import HourlyModelSignal
from greenops.signals.settings import refuse_unknown


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (("path", "zone"), "did you mean 'path'?"),
        (("kind", "zone"), "it has kind, zone"),
        ((), "it has no settings"),
    ],
)
def test_an_unknown_key_is_named_with_what_there_is(known, said):
    with pytest.raises(ConfigError) as caught:
        refuse_unknown("csv", {"pathh": "secret?"}, known)

    assert str(caught.value).startswith("signals.csv: unknown key 'pathh'; ")
    assert said in str(caught.value)
    assert "secret?" not in str(caught.value)


def test_known_keys_pass():
    refuse_unknown("csv", {"path": "x"}, ("path",))


@pytest.mark.parametrize("factory", [AnnualSignal, HourlyModelSignal])
def test_signals_without_settings_take_none(factory):
    assert factory.from_settings({}).name == factory.name
    with pytest.raises(ConfigError, match="it has no settings"):
        factory.from_settings({"year": 2020})

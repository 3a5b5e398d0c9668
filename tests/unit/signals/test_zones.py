import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenops.errors import ReferenceDataError, UnknownZoneError
from greenops.reference.grid import cloud_regions, countries
from greenops.reference.zone_names import grid_zones
from greenops.signals.countries import OTHER_NAMES, alpha_3_of
from greenops.signals.regions import GCP_PLACES, PROVIDERS
from greenops.signals.zones import resolve_zone


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("frnace", "France", id="typing-slip"),
        pytest.param("US-ZZ", "US-AZ", id="no-such-state"),
        pytest.param("eu-north-9", "aws:eu-north-1", id="no-such-region"),
        pytest.param("gcp:eu-north-1", "aws:eu-north-1", id="region-of-another-cloud"),
        pytest.param("azure:nowhere", "unknown grid zone", id="nothing-near"),
        pytest.param("", "Give a country", id="empty"),
        pytest.param("US-CAL-CIS", "US-CAL-CISO", id="near-an-authority"),
        pytest.param("caiso_nort", "US-CAL-CISO", id="near-a-providers-name"),
        pytest.param("13", "unknown grid zone", id="bare-number-of-neso"),
        pytest.param("neso:99", "unknown grid zone", id="no-such-region-of-neso"),
        pytest.param("nobody:FR", "unknown grid zone", id="no-such-provider"),
        pytest.param("SE9", "unknown grid zone", id="no-such-bidding-zone"),
        pytest.param("ZZ", "unknown grid zone", id="no-such-country"),
        pytest.param("\x1b[31mred\x00", r"\\x1b\[31mred\\x00", id="control-characters"),
    ],
)
def test_an_unknown_zone_is_refused_with_near_matches(text, hint):
    with pytest.raises(UnknownZoneError, match=hint):
        resolve_zone(text)


def test_a_megabyte_of_zone_is_refused_in_a_short_message():
    with pytest.raises(UnknownZoneError) as raised:
        resolve_zone("x" * 1_000_000)

    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fr", "FR"),
        ("FRA", "FR"),
        ("France", "FR"),
        ("  united   STATES ", "US"),
        ("Türkiye", "TR"),
        ("UK", "GB"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("CA", "CA"),
        ("Georgia", "GE"),
        ("US-GA", "US-GA"),
        ("us-ca", "US-CA"),
        ("California", "US-CA"),
        ("CA-QC", "CA-QC"),
        ("Québec", "CA-QC"),
        ("CN-bj", "CN-BJ"),
        ("Inner Mongolia", "CN-NM"),
        ("SE-SE3", "SE-SE3"),
        ("no4", "NO-NO4"),
        ("FI", "FI"),
        ("gcp:europe-west1", "gcp:europe-west1"),
        ("europe-west1", "gcp:europe-west1"),
        ("eu-north-1", "SE"),
        ("aws:us-west-2", "US-OR"),
        ("us-west2", "gcp:us-west2"),
        ("swedencentral", "SE"),
        ("azure:westus2", "US-WA"),
        ("World", "world"),
        ("CISO", "US-CAL-CISO"),
        ("us-cal-ciso", "US-CAL-CISO"),
        ("CAISO_NORTH", "US-CAL-CISO"),
        ("BPAT", "US-NW-BPAT"),
        ("PJM Interconnection", "US-MIDA-PJM"),
        ("SC", "SC"),
        ("eia:SC", "US-CAR-SC"),
        ("entsoe:10Y1001A1001A82H", "DE-LU"),
        ("10YFR-RTE------C", "FR"),
        ("neso:13", "GB-LONDON"),
        ("DK1", "DK-DK1"),
        ("it-no", "IT-NO"),
        ("AUS-NSW", "AU-NSW"),
        ("Tasmania", "AU-TAS"),
        ("JP_TK", "JP-TK"),
        ("XK", "XK"),
    ],
)
def test_a_zone_is_found_by_any_of_its_names(text, code):
    assert resolve_zone(text).code == code


def test_a_mapped_cloud_region_says_where_it_lies():
    assert resolve_zone("eu-north-1").note == "aws:eu-north-1 lies in Sweden"


@pytest.mark.parametrize(
    ("text", "note", "stands_in"),
    [
        pytest.param("IT-NO", "annual figure of Italy", True, id="part-of-a-country"),
        pytest.param("BPAT", "mean of Washington, Oregon", True, id="two-states"),
        pytest.param("AU-TAS", "", False, id="own-figure"),
        pytest.param("US-NW-SCL", "", False, id="one-kind-of-plant"),
    ],
)
def test_a_figure_that_stands_in_says_whose_it_is(text, note, stands_in):
    zone = resolve_zone(text)

    assert zone.note == note
    assert zone.factor is not None
    assert zone.factor.stands_in is stands_in


def test_a_zone_no_table_has_a_figure_of_says_so():
    zone = resolve_zone("Kosovo")

    assert (zone.code, zone.factor, zone.note) == ("XK", None, "no annual figure")


def test_every_zone_of_the_table_is_found_by_its_code_and_by_each_name():
    for code, row in grid_zones().items():
        assert resolve_zone(code).code == code
        for provider, name in row.names.items():
            assert resolve_zone(f"{provider}:{name}").code == code


def test_every_google_region_with_an_intensity_has_a_place():
    regions = {code.partition(":")[2] for code in cloud_regions()}

    assert set(GCP_PLACES) == regions
    assert set(GCP_PLACES.values()) <= grid_zones().keys()


def test_every_country_has_an_alpha_2_code_and_every_other_name_a_country():
    known = countries().keys()

    assert set(alpha_3_of().values()) == known
    assert len(alpha_3_of()) == len(known)
    assert set(OTHER_NAMES.values()) <= known


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_mapped_region_leads_to_a_zone_with_an_intensity(provider):
    for region in PROVIDERS[provider]:
        factor = resolve_zone(f"{provider}:{region}").factor
        assert factor is not None
        assert factor.intensity_g_per_kwh > 0


def test_no_region_is_mapped_that_has_an_intensity_of_its_own():
    assert not {f"gcp:{r}" for r in PROVIDERS["gcp"]} & cloud_regions().keys()


def test_resolving_a_code_again_gives_the_same_zone():
    texts = [*alpha_3_of(), "US-CA", "CA-QC", "CN-BJ", "SE3", "europe-west1", "world"]
    for text in texts:
        zone = resolve_zone(text)
        assert resolve_zone(zone.code).code == zone.code


def test_a_country_is_found_although_other_tables_are_missing(tmp_path):
    mix = tmp_path / "private_infra" / "global_energy_mix.json"
    mix.parent.mkdir()
    mix.write_text(
        '{"FRA": {"carbon_intensity": 56, "country_name": "France", "year": 2023,'
        ' "total_TWh": 500}}'
    )

    assert resolve_zone("France", tmp_path).code == "FR"
    with pytest.raises(ReferenceDataError, match="nordic"):
        resolve_zone("SE3", tmp_path)
    with pytest.raises(UnknownZoneError):
        resolve_zone("Quebec", tmp_path)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    text=st.one_of(
        st.text(max_size=12),
        st.text(string.ascii_letters + string.digits + "-:", max_size=12),
    )
)
def test_any_text_is_a_zone_or_an_unknown_zone(text):
    try:
        zone = resolve_zone(text)
    except UnknownZoneError:
        return
    assert zone.code

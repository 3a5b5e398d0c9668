from datetime import timedelta

import pytest

from greenops.model import (
    Basis,
    IntensityKind,
    IntensityPoint,
    MarginalEmissions,
    Provenance,
)
from greenops.report.statements import (
    intensity_line,
    intensity_to_dict,
    marginal_to_dict,
    point_to_dict,
)
from tests.unit.report import records as r

HOUR = timedelta(hours=1)


def a_point(hour=0, **changed):
    fields = {
        "start": r.NOON + hour * HOUR,
        "stop": r.NOON + (hour + 1) * HOUR,
        "intensity_g_per_kwh": 380.0,
        "low_g_per_kwh": 340.0,
        "high_g_per_kwh": 420.0,
        "zone": "DE",
        "source": "a grid operator",
    }
    return IntensityPoint(**fields | changed)


def stated(*points, **changed):
    return r.footprint(intensity_source="a grid operator", points=points, **changed)


def line(footprint, **run):
    record = r.record(r.total(), of=r.run(**run), footprint=footprint)
    assert record.end is not None
    return intensity_line(footprint, record)


def test_a_footprint_of_an_older_ledger_claims_no_provenance():
    assert line(stated()) == "grid 380 g/kWh (340-420; DE: a grid operator)"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        pytest.param([Provenance.ANNUAL], "annual average", id="annual"),
        pytest.param([Provenance.MODELLED], "modelled", id="modelled"),
        pytest.param(
            [Provenance.FORECAST, Provenance.MEASURED],
            "measured and forecast",
            id="the-surest-first",
        ),
    ],
)
def test_the_line_says_how_the_intensity_came_about(how, said):
    points = [a_point(i, provenance=one) for i, one in enumerate(how)]

    assert f"(340-420, {said}; DE: a grid operator)" in line(stated(*points))


def test_the_age_is_that_of_the_oldest_figure_when_the_run_ended():
    stopped_at = r.record(r.total()).end.stopped_at
    old, young = (stopped_at - timedelta(minutes=m) for m in (95, 5))

    found = line(stated(a_point(0, issued_at=young), a_point(1, issued_at=old)))

    assert "measured, 1 h 35 min old;" in found


def test_a_figure_stated_after_the_run_says_when():
    issued_at = r.NOON + timedelta(days=2)

    assert f"stated {issued_at:%Y-%m-%d %H:%M} UTC;" in line(
        stated(a_point(issued_at=issued_at))
    )


def test_a_zone_that_nobody_configured_is_said_to_be_found():
    found = line(stated(), machine={"zone_from": "cloud metadata: aws:eu-central-1"})

    assert "zone from cloud metadata: aws:eu-central-1" in found
    assert "zone from" not in line(stated(), machine={"zone_from": "configuration"})


def test_what_nobody_kept_is_null_and_never_a_guess():
    found = intensity_to_dict(stated())

    assert found["intensity_provenance"] == []
    for key in ("intensity_kind", "intensity_basis", "intensity_issued_at"):
        assert found[key] is None
    assert found["intensity_signal"] is None
    assert marginal_to_dict(None) is None
    assert point_to_dict(None) is None


def test_a_marginal_view_names_its_own_source_and_basis():
    view = MarginalEmissions(
        operational_g=r.bounded(2.0, 1.0, 3.0),
        intensity_g_per_kwh=r.bounded(800.0, 700.0, 900.0),
        intensity_source="a market",
        points=(a_point(kind=IntensityKind.MARGINAL, basis=Basis.DIRECT),),
        signal="a signal",
    )

    found = marginal_to_dict(view)

    assert found is not None
    assert found["operational_g"] == 2.0
    assert found["intensity_high_g_per_kwh"] == 900.0
    assert found["intensity_basis"] == "direct"
    assert found["intensity_source"] == "a market"

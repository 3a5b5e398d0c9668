from dataclasses import replace

import pytest

from greenops.model import Basis, Dataset, Exclusion, IntensityKind, Link, Objective
from greenops.planner.journeys import moved, network_of
from greenops.planner.terms import Terms
from tests.unit.planner.scenes import HOUR, T0, exactly, forecast, job, place

KIND = (IntensityKind.AVERAGE, Basis.LIFE_CYCLE)
EU = frozenset({"EU"})
LINK = Link(to="home", energy_wh_per_gb=exactly(10.0), gb_per_s=1.0)
HOME = place("home", 100.0, 300.0, 900.0, tags=EU)
STORE = place("store", 50.0, 50.0, links=(LINK,))
DATA = Dataset(name="corpus", size_gb=10.0, at=frozenset({"store"}))


def network(a_job, *places, **terms):
    return network_of(a_job, places, Terms(now=T0, **terms), KIND)


def ways(a_job, a_place, *places, **terms):
    its_terms = Terms(now=T0, **terms)
    net = network_of(a_job, places, its_terms, KIND)
    return moved(a_job, a_place, net, its_terms)


def test_a_grid_counts_by_its_mean_until_the_deadline():
    a_job = job(deadline_h=2.0, datasets=(DATA,))
    assert network(a_job, HOME, STORE).g_per_kwh == {
        "home": exactly(200.0),
        "store": exactly(50.0),
    }
    past = replace(a_job, deadline=T0 - HOUR)
    assert network(past, HOME).g_per_kwh == {"home": exactly(100.0)}


def test_figures_of_another_kind_are_as_good_as_none():
    other = replace(STORE, forecast=forecast(1.0, kind=IntensityKind.MARGINAL))
    assert set(network(job(datasets=(DATA,)), HOME, other).g_per_kwh) == {"home"}


def test_only_places_of_its_residency_pass_data_on():
    a_job = job(datasets=(DATA,), needs_tags=EU)
    assert network(a_job, HOME, STORE).relays == {"home"}


def test_money_weighs_on_the_way_where_it_counts():
    priced = Objective(price_per_t=50.0)
    assert network(job(), HOME, objective=priced).g_per_price == pytest.approx(2e4)
    assert network(job(), HOME).g_per_price == 0.0


def test_every_dataset_and_the_checkpoint_travel():
    near = Dataset(name="near", size_gb=1.0, at=frozenset({"home"}))
    a_job = job(datasets=(DATA, near), checkpoint_gb=5.0)
    found = ways(a_job, HOME, HOME, STORE, paused_at="store")
    assert [(t.dataset, t.path) for t in found] == [
        ("corpus", ("store", "home")),
        ("the checkpoint of train-x", ("store", "home")),
    ]


def test_a_job_that_has_not_begun_has_no_checkpoint():
    assert ways(job(checkpoint_gb=5.0), HOME, HOME, STORE) == ()


def test_data_without_a_way_is_an_exclusion():
    far = replace(HOME, links=(replace(LINK, to="annex"),))
    shut = replace(STORE, links=(replace(LINK, to="vault"),))
    found = ways(job(datasets=(DATA,)), far, far, shut)
    assert isinstance(found, Exclusion)
    assert (found.rule, found.lacking) == ("data", 10.0)

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Bounded, Dataset, Link
from greenops.planner.transfer import (
    UNKNOWN_GRID_G_PER_KWH,
    UNSTATED_WH_PER_GB,
    Network,
    greenest_way,
    links_of,
    retraced,
)
from tests.unit.planner.scenes import around, exactly, place


def link(to, wh_per_gb, **fields):
    energy = wh_per_gb if isinstance(wh_per_gb, Bounded) else exactly(wh_per_gb)
    return Link(to=to, energy_wh_per_gb=energy, **fields)


def network(*places, intensities=None, relays=None, g_per_price=0.0):
    names = {p.name for p in places}
    return Network(
        links=links_of(places),
        g_per_kwh={name: exactly(g) for name, g in (intensities or {}).items()},
        relays=frozenset(names if relays is None else relays),
        g_per_price=g_per_price,
    )


def data(*at, size_gb=100.0):
    return Dataset(name="corpus", size_gb=size_gb, at=frozenset(at))


def way_of(its_data, to, net):
    return greenest_way(its_data, to, net)


A_B = (
    place("a", links=(link("b", 20.0, gb_per_s=0.5, price_per_gb=0.02),)),
    place("b"),
)
GRIDS = {"a": 100.0, "b": 300.0}


def test_a_hop_emits_its_energy_at_the_mean_of_both_grids():
    way = way_of(data("a"), "b", network(*A_B, intensities=GRIDS))
    assert way.path == ("a", "b")
    assert way.energy_wh == exactly(2000.0)
    assert way.emissions_g.central == pytest.approx(2.0 * 200.0)
    assert way.duration_s == pytest.approx(200.0)
    assert way.price == pytest.approx(2.0)


def test_a_link_is_usable_in_both_directions():
    way = way_of(data("b"), "a", network(*A_B, intensities=GRIDS))
    assert way.path == ("b", "a")


def test_data_that_lies_there_already_does_not_move():
    way = way_of(data("a", "b"), "b", network(*A_B, intensities=GRIDS))
    assert way.path == ("b",)
    assert way.emissions_g == exactly(0.0)
    assert way.duration_s == 0.0


def test_the_greenest_of_several_copies_is_read():
    places = (*A_B, place("c", links=(link("b", 20.0),)))
    grids = {**GRIDS, "c": 10.0}
    way = way_of(data("a", "c"), "b", network(*places, intensities=grids))
    assert way.path == ("c", "b")


def test_two_short_hops_may_be_greener_than_a_long_one():
    places = (
        place("a", links=(link("b", 90.0), link("m", 20.0, gb_per_s=2.0))),
        place("m", links=(link("b", 20.0, gb_per_s=0.1),)),
        place("b"),
    )
    way = way_of(data("a"), "b", network(*places))
    assert way.path == ("a", "m", "b")
    assert way.duration_s == pytest.approx(1000.0)  # by the slowest link


def test_data_does_not_pass_through_a_place_outside_of_its_residency():
    places = (
        place("a", links=(link("b", 90.0), link("m", 20.0))),
        place("m", links=(link("b", 20.0),)),
        place("b"),
    )
    way = way_of(data("a"), "b", network(*places, relays={"a", "b"}))
    assert way.path == ("a", "b")


def test_no_way_is_found_where_links_are_stated_and_none_leads_there():
    places = (
        place("a", links=(link("m", 20.0),)),
        place("m"),
        place("b", links=(link("c", 20.0),)),
        place("c"),
    )
    assert way_of(data("a"), "b", network(*places)) is None


def test_places_without_links_are_reached_over_the_public_network():
    net = network(place("a"), place("b"), intensities=GRIDS)
    way = way_of(data("a"), "b", net)
    assert way.path == ("a", "b")
    assert way.energy_wh.central == pytest.approx(100.0 * UNSTATED_WH_PER_GB.central)
    assert way.energy_wh.high / way.energy_wh.low > 10.0
    assert way.duration_s is None


def test_the_public_network_is_no_relay():
    """Two closed networks are not joined by a third place that states no links."""
    places = (
        place("a", links=(link("m", 1.0),)),
        place("m"),
        place("b", links=(link("c", 1.0),)),
        place("c"),
        place("open"),
    )
    assert way_of(data("a"), "b", network(*places)) is None
    assert way_of(data("open"), "b", network(*places)).path == ("open", "b")


def test_an_unknown_grid_counts_as_the_world_with_wide_bounds():
    way = way_of(data("bucket"), "b", network(*A_B, intensities=GRIDS))
    known = way_of(
        data("bucket"), "b", network(*A_B, intensities={**GRIDS, "bucket": 473.0})
    )
    assert UNKNOWN_GRID_G_PER_KWH.central == 473.0
    assert way.emissions_g.central == pytest.approx(known.emissions_g.central)
    assert way.emissions_g.high > known.emissions_g.high


def test_the_uncertainty_of_a_link_is_not_averaged_out_over_hops():
    places = (
        place("a", links=(link("m", around(20.0, 0.5)),)),
        place("m", links=(link("b", around(20.0, 0.5)),)),
        place("b"),
    )
    grids = {"a": 100.0, "m": 100.0, "b": 100.0}
    way = way_of(data("a"), "b", network(*places, intensities=grids))
    assert way.emissions_g.low == pytest.approx(0.5 * way.emissions_g.central)
    assert way.emissions_g.high == pytest.approx(1.5 * way.emissions_g.central)


def test_money_counts_where_it_has_a_weight():
    places = (
        place("a", links=(link("b", 20.0, price_per_gb=1.0), link("m", 20.0))),
        place("m", links=(link("b", 20.0),)),
        place("b"),
    )
    assert way_of(data("a"), "b", network(*places)).path == ("a", "b")
    dear = network(*places, g_per_price=100.0)
    assert way_of(data("a"), "b", dear).path == ("a", "m", "b")


def test_equal_ways_go_over_fewer_hops_and_then_by_name():
    places = (
        place("a", links=(link("n", 10.0), link("m", 10.0), link("b", 20.0))),
        place("m", links=(link("b", 10.0),)),
        place("n", links=(link("b", 10.0),)),
        place("b"),
    )
    grids = dict.fromkeys("abmn", 100.0)
    assert way_of(data("a"), "b", network(*places, intensities=grids)).path == (
        "a",
        "b",
    )
    longer = replace(places[0], links=places[0].links[:2])
    net = network(longer, *places[1:], intensities=grids)
    assert way_of(data("a"), "b", net).path == ("a", "m", "b")


def test_a_path_is_recounted_with_other_intensities():
    planned = way_of(data("a"), "b", network(*A_B, intensities=GRIDS))
    came = retraced(planned, network(*A_B, intensities={"a": 0.0, "b": 50.0}))
    assert came.path == planned.path
    assert came.energy_wh == planned.energy_wh
    assert came.emissions_g.central == pytest.approx(2.0 * 25.0)


names = "abcd"
weights = st.integers(1, 50)


@given(
    ends=st.dictionaries(
        st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(
            lambda e: e[0] < e[1]
        ),
        weights,
        min_size=1,
    ),
    grids=st.tuples(*[weights] * 4),
    at=st.frozensets(st.sampled_from(names), min_size=1),
    relays=st.frozensets(st.sampled_from(names)),
)
def test_no_path_is_greener_than_the_one_found(ends, grids, at, relays):
    places = [
        place(n, links=tuple(link(b, w) for (a, b), w in ends.items() if a == n))
        for n in names
    ]
    g_per_kwh = dict(zip(names, map(float, grids), strict=True))
    net = network(*places, intensities=g_per_kwh, relays=relays)
    for to in names:
        found = way_of(data(*at, size_gb=1000.0), to, net)
        expected = _least_by_hand(ends, g_per_kwh, at, relays, to)
        if expected is None:
            assert found is None
        else:
            assert found.emissions_g.central == pytest.approx(expected)
            assert found.path[0] in at
            assert found.path[-1] == to
            assert set(found.path[1:-1]) <= relays


def _least_by_hand(ends, grids, at, relays, to):
    linked = {n for e in ends for n in e}
    both = {**ends, **{(b, a): w for (a, b), w in ends.items()}}
    options = []
    for source in at:
        if source == to:
            options.append(0.0)
            continue
        if not (source in linked and to in linked):
            wh = UNSTATED_WH_PER_GB.central
            options.append(wh * (grids[source] + grids[to]) / 2)
        others = [n for n in relays if n not in (source, to)]
        for n in range(len(others) + 1):
            for middle in permutations(others, n):
                path = (source, *middle, to)
                hops = list(pairwise(path))
                if all(h in both for h in hops):
                    options.append(
                        sum(both[a, b] * (grids[a] + grids[b]) / 2 for a, b in hops)
                    )
    return min(options, default=None)

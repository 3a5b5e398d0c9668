"""Jobs are planned anew when something is news, with hours made up."""

from datetime import timedelta

from tests.unit.agent.worlds import DIRTY, T0, World, forecast


def test_every_decision_is_written_down_once():
    world = World()
    world.submit("j1")
    world.tick()
    world.tick(1.0, times=20)
    (decision,) = world.store.decisions("j1")
    assert decision.chosen
    assert decision.chosen["place"] == "here"
    assert (decision.predicted_saved_g or 0.0) > 0.0
    assert "submission" in decision.cause or "start" in decision.cause


def test_a_new_forecast_moves_what_waits():
    world = World()
    world.submit("j1")
    world.tick()
    world.forecasts["SE"] = forecast(
        "SE", [1.0] + [DIRTY] * 167, issued_at=T0 + timedelta(minutes=1)
    )
    world.tick(60.0)
    assert world.state("j1") == "starting"

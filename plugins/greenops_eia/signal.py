"""The signal `eia`: hours of the USA, from generation by source times factors."""

from datetime import datetime, timedelta

from greenops.model import Basis, IntensityKind, SignalTraits
from greenops_eia.answers import HOUR, generated_of
from greenops_generation import Generated
from greenops_generation.source import Ask, GenerationSignal, Service

PATH = "/electricity/rto/fuel-type-data/data/"
MAX_ROWS = 5000


class EiaSignal(GenerationSignal):
    """Life-cycle intensity of what is generated in a balancing authority; no forecast.

    The last hours come late: an authority reports an hour after one to two.
    """

    name = "eia"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        resolution=HOUR,
        history=None,
        horizon=timedelta(0),
        attribution=(
            "US Energy Information Administration, form EIA-930 (public domain); "
            "factors of IPCC 2014 or UNECE 2021"
        ),
    )
    service = Service(
        title="EIA-930 generation",
        base_url="https://api.eia.gov/v2",
        variable="GREENOPS_EIA_TOKEN",
        where="a free key: eia.gov/opendata/register.php",
        key="api_key",
        pace=(1000, 3600.0),
        patience_s=15.0,
        # Seven days of at most 16 sources are below the 5000 rows of one answer.
        longest=timedelta(days=7),
    )

    def fetched(
        self, area: str, span: tuple[datetime, datetime], ask: Ask
    ) -> list[Generated]:
        """Return the hours of a balancing authority in one answer."""
        start, stop = span
        params: dict[str, str | int] = {
            "frequency": "hourly",
            "data[0]": "value",
            "facets[respondent][]": area,
            # Hours are named by their end, and both ends of the range count.
            "start": f"{start + HOUR:%Y-%m-%dT%H}",
            "end": f"{stop:%Y-%m-%dT%H}",
            "sort[0][column]": "period",
            "sort[0][direction]": "asc",
            "length": MAX_ROWS,
        }
        body, url = ask.get(PATH, params)
        return generated_of(body, url, area)

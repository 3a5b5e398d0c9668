"""The signal `entsoe`: hours of Europe, from generation by type times factors."""

from datetime import datetime, timedelta

from greenops.model import Basis, IntensityKind, SignalTraits
from greenops_entsoe.document import generated_of
from greenops_generation import Generated
from greenops_generation.source import HOUR, Ask, GenerationSignal, Service
from greenops_webapi import StatusError

PATH = "/api"
BAD_REQUEST = 400


class EntsoeSignal(GenerationSignal):
    """Life-cycle intensity of what is generated in a bidding zone; no forecast.

    The last hours come late: zones report an hour after one to several.
    """

    name = "entsoe"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        resolution=HOUR,
        history=None,
        horizon=timedelta(0),
        attribution=(
            "ENTSO-E Transparency Platform (CC BY 4.0); factors of IPCC 2014 or UNECE "
            "2021"
        ),
    )
    service = Service(
        title="ENTSO-E generation",
        base_url="https://web-api.tp.entsoe.eu",
        variable="GREENOPS_ENTSOE_TOKEN",
        where=(
            "a free token: transparency.entsoe.eu, then ask for RESTful API access by "
            "mail"
        ),
        key="securityToken",
        pace=(400, 60.0),
        patience_s=20.0,
        # The platform would answer a year at once, with 50 MB of XML.
        longest=timedelta(days=7),
    )

    def fetched(
        self, area: str, span: tuple[datetime, datetime], ask: Ask
    ) -> list[Generated]:
        """Return the hours of a zone in one document, of type A75."""
        start, stop = span
        params: dict[str, str | int] = {
            "documentType": "A75",
            "processType": "A16",
            "in_Domain": area,
            "periodStart": f"{start:%Y%m%d%H%M}",
            "periodEnd": f"{stop:%Y%m%d%H%M}",
        }
        try:
            body, url = ask.get(PATH, params)
        except StatusError as e:
            if e.status != BAD_REQUEST or not e.body.lstrip().startswith(b"<"):
                raise
            # "No matching data" and the reason of a refusal come with status 400.
            body, url = e.body, str(e).partition(": ")[0]
        return generated_of(body, url, area)

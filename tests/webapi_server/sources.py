"""The five carbon sources, played on a loopback port as their documents describe them.

Each renders rows of `(start, stop, value)`; a test changes the rows on their way out.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from greenops.ports import CarbonSignal
from greenops_eia import EiaSignal
from greenops_electricitymaps import ElectricityMapsSignal
from greenops_entsoe import EntsoeSignal
from greenops_neso import NesoSignal
from greenops_watttime import WattTimeSignal
from tests.webapi_server import Reply, Request

HOUR = timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)
FIVE_MINUTES = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an answer; the value in the source's own unit."""

    start: datetime
    stop: datetime
    value: Any


Rows = list[Row]


@dataclass(slots=True, kw_only=True)
class Source:
    """One played source.

    Attributes:
        kind: The class of the signal that asks it.
        zone: A zone it serves.
        step: Of its rows.
        value: Of a row by default.
        env: Credentials that it takes.
        change: What happens to the rows on their way out.
        extra: What replaces members of the answer beside the rows.
    """

    kind: Any
    zone: str
    step: timedelta
    value: float
    env: Mapping[str, str]
    change: Callable[[Rows], Rows] = lambda rows: rows
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As its entry point is called."""
        return str(self.kind.name)

    def signal(self, url: str, **settings: object) -> CarbonSignal:
        """Return the signal that asks at `url`."""
        made: CarbonSignal = self.kind.from_settings({"base_url": url, **settings})
        return made

    def rows(self, start: datetime, stop: datetime) -> Rows:
        """Return the changed rows from `start` until `stop`."""
        count = max(0, -(-(stop - start) // self.step))
        times = [start + i * self.step for i in range(count)]
        return self.change([Row(t, t + self.step, self.value) for t in times])

    def __call__(self, request: Request) -> Reply:
        """Return the answer to a request."""
        path = urlsplit(request.path).path
        params = dict(parse_qsl(urlsplit(request.path).query))
        return self.answer(path, params)

    def answer(self, _path: str, _params: Mapping[str, str], /) -> Reply:
        """Return the answer to a path and its parameters."""
        raise NotImplementedError


class ElectricityMaps(Source):
    """`/carbon-intensity/{latest,history,past-range,forecast}`."""

    def answer(self, path: str, params: Mapping[str, str], /) -> Reply:
        now = datetime.now(UTC)
        body: dict[str, Any]
        present = now.replace(minute=0, second=0, microsecond=0)
        kind = path.rpartition("/")[2]
        if kind == "latest":
            rows = self.rows(present, present + HOUR)
            body = self._row(rows[0], present) if rows else {}
        elif kind == "forecast":
            span = (present, present + int(params["horizonHours"]) * HOUR)
            listed = [
                {"carbonIntensity": r.value, "datetime": _stamp(r.start)}
                for r in self.rows(*span)
            ]
            body = {"forecast": listed, "updatedAt": _stamp(present)}
        else:
            under = "history" if kind == "history" else "data"
            span = (present - 23 * HOUR, present + HOUR)
            if under == "data":
                span = (_at(params["start"]), _at(params["end"]))
            body = {under: [self._row(r, present) for r in self.rows(*span)]}
        return _json(
            {
                "zone": params["zone"],
                "temporalGranularity": "hourly",
                **body,
                **self.extra,
            }
        )

    def _row(self, row: Row, present: datetime) -> dict[str, Any]:
        return {
            "zone": self.zone,
            "carbonIntensity": row.value,
            "datetime": _stamp(row.start),
            "updatedAt": _stamp(present),
            "emissionFactorType": "lifecycle",
            "isEstimated": row.start >= present,
            "estimationMethod": None,
        }


class WattTime(Source):
    """`/login`, `/v3/{historical,forecast,region-from-loc}`."""

    def answer(self, path: str, params: Mapping[str, str], /) -> Reply:
        if path == "/login":
            return _json({"token": "t0k3n"})
        if path == "/v3/region-from-loc":
            return _json({"region": "FR", "region_full_name": "France"})
        meta: dict[str, Any] = {
            "region": params["region"],
            "signal_type": params["signal_type"],
            "units": "lbs_co2_per_mwh",
            "data_point_period_seconds": 300,
            "warnings": [],
        }
        if path == "/v3/forecast":
            now = datetime.now(UTC)
            first = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
            span = (first, first + int(params["horizon_hours"]) * HOUR)
            meta["generated_at"] = first.isoformat()
        else:
            span = (_at(params["start"]), _at(params["end"]))
        rows = [
            {"point_time": r.start.isoformat(), "value": r.value}
            for r in self.rows(*span)
        ]
        meta |= self.extra
        return _json({"data": rows, "meta": meta})


class Neso(Source):
    """`[/regional]/intensity/{from}/{to|fw48h}[/regionid|postcode/...]`."""

    def answer(self, path: str, _params: Mapping[str, str], /) -> Reply:
        parts = path.strip("/").split("/")
        regional = parts[0] == "regional"
        start, stop = parts[2:4] if regional else parts[1:3]
        first = _at(start)
        span = (first, first + 48 * HOUR if stop == "fw48h" else _at(stop))
        rows = [
            {
                "from": f"{r.start:%Y-%m-%dT%H:%MZ}",
                "to": f"{r.stop:%Y-%m-%dT%H:%MZ}",
                "intensity": {
                    "forecast": r.value,
                    "index": "moderate",
                    "actual": None,
                },
            }
            for r in self.rows(*span)
        ]
        body: dict[str, Any] = {"data": rows}
        if regional:
            body["data"] = {"regionid": 13, "shortname": "London", "data": rows}
        return _json({**body, **self.extra})


class Eia(Source):
    """`/electricity/rto/fuel-type-data/data/`: gas as the rows say, beside sun."""

    def answer(self, _path: str, params: Mapping[str, str], /) -> Reply:
        start, stop = _at(params["start"] + ":00Z"), _at(params["end"] + ":00Z")
        rows = [
            {
                "period": f"{r.start + HOUR:%Y-%m-%dT%H}",
                "respondent": params["facets[respondent][]"],
                "fueltype": code,
                "value": value,
                "value-units": "megawatthours",
                **self.extra,
            }
            for r in self.rows(start - HOUR, stop)
            for code, value in (("NG", r.value), ("SUN", "0"), ("WND", "500"))
        ]
        return _json({"response": {"total": str(len(rows)), "data": rows}})


class Entsoe(Source):
    """`/api` with A75: gas as the rows say, beside wind."""

    def answer(self, _path: str, params: Mapping[str, str], /) -> Reply:
        start, stop = (
            datetime.strptime(params[k], "%Y%m%d%H%M").replace(tzinfo=UTC)
            for k in ("periodStart", "periodEnd")
        )
        rows = self.rows(start, stop)
        wind = [Row(r.start, r.stop, 500) for r in rows]
        area = params["in_Domain"]
        body = "".join(
            self._series(area, code, row)
            for code, own in (("B04", rows), ("B19", wind))
            for row in own
        )
        return Reply(body=document(body), headers={"content-type": "text/xml"})

    def _series(self, area: str, code: str, row: Row) -> str:
        minutes = (row.stop - row.start) // timedelta(minutes=1)
        quantity = "" if row.value is None else f"<quantity>{row.value}</quantity>"
        return (
            "<TimeSeries><inBiddingZone_Domain.mRID codingScheme='A01'>"
            f"{area}</inBiddingZone_Domain.mRID>"
            f"<quantity_Measure_Unit.name>{self.extra.get('unit', 'MAW')}"
            "</quantity_Measure_Unit.name><curveType>A01</curveType>"
            f"<MktPSRType><psrType>{code}</psrType></MktPSRType>"
            f"<Period><timeInterval><start>{row.start:%Y-%m-%dT%H:%MZ}</start>"
            f"<end>{row.stop:%Y-%m-%dT%H:%MZ}</end></timeInterval>"
            f"<resolution>PT{minutes}M</resolution>"
            f"<Point><position>1</position>{quantity}</Point></Period></TimeSeries>"
        )


def document(series: str) -> str:
    """Return a whole A75 document around its series."""
    return (
        "<?xml version='1.0' encoding='UTF-8'?><GL_MarketDocument xmlns='urn:iec62325."
        "351:tc57wg16:451-6:generationloaddocument:3:0'><type>A75</type>"
        f"<createdDateTime>{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}</createdDateTime>{series}"
        "</GL_MarketDocument>"
    )


def sources() -> Iterator[Source]:
    """Yield each source anew, unchanged."""
    yield ElectricityMaps(
        kind=ElectricityMapsSignal,
        zone="FR",
        step=HOUR,
        value=90,
        env={"GREENOPS_ELECTRICITYMAPS_TOKEN": "k"},
    )
    yield WattTime(
        kind=WattTimeSignal,
        zone="FR",
        step=FIVE_MINUTES,
        value=900.5,
        env={"GREENOPS_WATTTIME_USERNAME": "u", "GREENOPS_WATTTIME_PASSWORD": "p"},
    )
    yield Neso(kind=NesoSignal, zone="GB", step=HALF_HOUR, value=150, env={})
    yield Eia(
        kind=EiaSignal,
        zone="US-CAL-CISO",
        step=HOUR,
        value=1000,
        env={"GREENOPS_EIA_TOKEN": "k"},
    )
    yield Entsoe(
        kind=EntsoeSignal,
        zone="FR",
        step=HOUR,
        value=1000,
        env={"GREENOPS_ENTSOE_TOKEN": "k"},
    )


def _json(body: object) -> Reply:
    return Reply(body=json.dumps(body))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")

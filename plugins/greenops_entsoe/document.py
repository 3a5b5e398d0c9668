"""Reads "actual generation per type" (A75) of the ENTSO-E Transparency Platform. Pure.

Source: ENTSO-E, Transparency Platform RESTful API guide and its knowledge base: MW at
15, 30 or 60 minutes, UTC; series into a zone are generation, series out of it are
consumption of plants (pumps); curve A03 leaves out points that repeat the one before.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from greenops.checked import utc_time
from greenops.errors import SignalError
from greenops_generation import Fuel, Generated

NO_DATA: Final = "999"
UNIT: Final = "MAW"
REPEATING: Final = "A03"
STEPS: Final[Mapping[str, timedelta]] = {
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT60M": timedelta(hours=1),
    "PT1H": timedelta(hours=1),
}
FUELS: Final[Mapping[str, Fuel]] = {
    "B01": Fuel.BIOMASS,
    "B02": Fuel.LIGNITE,
    "B03": Fuel.OTHER,  # gas derived from coal
    "B04": Fuel.GAS,
    "B05": Fuel.COAL,
    "B06": Fuel.OIL,
    "B07": Fuel.OIL_SHALE,
    "B08": Fuel.PEAT,
    "B09": Fuel.GEOTHERMAL,
    "B10": Fuel.STORAGE,  # pumped
    "B11": Fuel.HYDRO,  # rivers
    "B12": Fuel.HYDRO,  # reservoirs
    "B13": Fuel.OCEAN,
    "B14": Fuel.NUCLEAR,
    "B15": Fuel.OTHER,  # other renewable
    "B16": Fuel.SOLAR,
    "B17": Fuel.OTHER,  # waste
    "B18": Fuel.WIND_OFFSHORE,
    "B19": Fuel.WIND_ONSHORE,
    "B20": Fuel.OTHER,
    "B25": Fuel.STORAGE,
}
"""By the codes of ENTSO-E's list PsrType. A code that is not here counts as other."""
_MAX_POINTS = 40_000


def generated_of(body: bytes, url: str, area: str) -> list[Generated]:
    """Return what each type generated; nothing where the platform has no data.

    Raises:
        SignalError: it is no XML, laid out otherwise, of another area or unit, or the
            platform says that the question was wrong.
    """
    root = _root(body, url)
    kind = _local(root)
    if kind == "Acknowledgement_MarketDocument":
        reasons = [_text(e, "text", url) for e in _all(root, "Reason")]
        codes = [_text(e, "code", url) for e in _all(root, "Reason")]
        if codes == [NO_DATA] and "no matching data" in reasons[0].casefold():
            return []
        said = "; ".join(reasons)[:200]
        raise SignalError(f"{url}: the platform does not answer this: {said}")
    if kind != "GL_MarketDocument":
        raise SignalError(f"{url}: {kind[:40]!r} instead of a GL_MarketDocument")
    created = _maybe(root, "createdDateTime")
    issued_at = utc_time(created) if created else None
    return [
        row
        for series in _all(root, "TimeSeries")
        for row in _rows(series, url, area, issued_at)
    ]


def _rows(
    series: Element, url: str, area: str, issued_at: datetime | None
) -> Iterator[Generated]:
    into = _maybe(series, "inBiddingZone_Domain.mRID")
    if into is None and _maybe(series, "outBiddingZone_Domain.mRID") is not None:
        return  # what plants consume; see the README
    unit = _text(series, "quantity_Measure_Unit.name", url)
    for said, wanted in ((into, area), (unit, UNIT)):
        if said != wanted:
            raise SignalError(
                f"{url}: {str(said)[:40]!r} instead of {wanted!r}; not used"
            )
    code = _text(_child(series, "MktPSRType", url), "psrType", url)[:8]
    repeats = _maybe(series, "curveType") == REPEATING
    for period in _all(series, "Period"):
        for start, stop, power in _steps(period, url, repeats=repeats):
            yield Generated(
                start=start,
                stop=stop,
                series=code,
                fuel=FUELS.get(code, Fuel.OTHER),
                power_mw=power,
                issued_at=issued_at,
            )


def _steps(
    period: Element, url: str, *, repeats: bool
) -> Iterator[tuple[datetime, datetime, str]]:
    span = _child(period, "timeInterval", url)
    start, stop = (utc_time(_text(span, name, url)) for name in ("start", "end"))
    resolution = _text(period, "resolution", url)
    step = STEPS.get(resolution)
    if step is None:
        raise SignalError(
            f"{url}: points of {resolution[:20]!r}; knows {', '.join(STEPS)}"
        )
    count = (stop - start) // step
    if not 0 <= count <= _MAX_POINTS:
        raise SignalError(f"{url}: a period from {start} to {stop}; not used")
    powers: dict[int, str] = {}
    for point in _all(period, "Point"):
        position = _text(point, "position", url)
        if not position.isdecimal():
            raise SignalError(f"{url}: a position {position[:20]!r} that is no number")
        # Two values for one position contradict each other: text is no power.
        power = _maybe(point, "quantity") or ""
        known = powers.setdefault(int(position[:9]), power)
        powers[int(position[:9])] = power if known == power else "contradicted"
    last: str | None = None
    for i in range(count):
        last = powers.get(i + 1, last if repeats else None)
        if last is not None:
            yield start + i * step, start + (i + 1) * step, last


def _root(body: bytes, url: str) -> Element:
    if not body.strip():
        raise SignalError(f"{url}: an empty answer")
    if b"<html" in body[:1000].lower():
        raise SignalError(f"{url}: a web page instead of XML; a proxy, a log-in page?")
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except ParseError as e:
        raise SignalError(
            f"{url}: {len(body)} bytes that are no XML (code {e.code}); cut off?"
        ) from None  # the error may quote the answer
    except (DefusedXmlException, ValueError) as e:
        raise SignalError(
            f"{url}: XML with declarations that are not read ({type(e).__name__})"
        ) from None
    return root


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(parent: Element, name: str) -> list[Element]:
    return [child for child in parent if _local(child) == name]


def _child(parent: Element, name: str, url: str) -> Element:
    found = _all(parent, name)
    if not found:
        raise SignalError(f"{url}: {_local(parent)} without {name}")
    return found[0]


def _text(parent: Element, name: str, url: str) -> str:
    return (_child(parent, name, url).text or "").strip()


def _maybe(parent: Element, name: str) -> str | None:
    found = _all(parent, name)
    return (found[0].text or "").strip() if found else None

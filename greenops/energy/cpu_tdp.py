"""The TDP of a processor from its name, or by rule where no list knows it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MIN_TDP_W, MAX_TDP_W = 1.0, 600.0
"""Rows outside are misprints: phones' cores draw 1 W, the largest sockets 500 W."""

LISTED_REL_UNCERTAINTY = 0.0
SHARED_REL_UNCERTAINTY = 0.2
RULE_REL_UNCERTAINTY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tdp:
    """TDP in W of what is charged, how it was found, and its 95 % half-width."""

    tdp_w: float
    how: str
    rel_uncertainty: float


def resolve_tdp(
    name: str,
    rows: Iterable[tuple[str, float]],
    *,
    threads: int,
    cores: float,
    sockets: int = 1,
    is_virtual: bool = False,
) -> Tdp:
    """Return the TDP in W of all sockets, or of a guest's share of its host's.

    Args:
        name: The processor's name as the kernel prints it.
        rows: Names and TDPs in W; misprints are passed over.
        threads: Logical CPUs of this system.
        cores: Physical cores of this system.
        sockets: Filled sockets.
        is_virtual: A guest is charged its virtual CPUs only: their part of the
            host's processor where the name tells its size, else by rule.
    """
    listed = match_tdp(name, rows)
    if not is_virtual:
        if listed is not None:
            return Tdp(
                tdp_w=listed * sockets,
                how="listed",
                rel_uncertainty=LISTED_REL_UNCERTAINTY,
            )
        return _by_rule(name, threads, cores, sockets)
    host_threads = _threads_of_model(name)
    if listed is not None and host_threads:
        share = threads / host_threads
        return Tdp(
            tdp_w=listed * share,
            how=f"{threads} of {host_threads} threads of a listed processor",
            rel_uncertainty=SHARED_REL_UNCERTAINTY,
        )
    return Tdp(
        tdp_w=max(MIN_TDP_W, threads * watts_per_thread(name)),
        how=f"{threads} virtual CPUs by rule",
        rel_uncertainty=RULE_REL_UNCERTAINTY,
    )


def watts_per_thread(name: str) -> float:
    """Return the TDP per hardware thread of server parts, in W.

    Source: data sheets of what clouds rent out. AMD: EPYC 7571 to 9654, 1.9 to 3.1;
    Intel: Xeon 8175M to 8481C, 3.1 to 5.0; Arm: Neoverse N1 to V2 servers, 1.5 to 3.
    """
    low = name.lower()
    if "amd" in low or "epyc" in low:
        return 2.4
    return 2.2 if "intel" not in low and "xeon" not in low else 3.8


def _by_rule(name: str, threads: int, cores: float, sockets: int) -> Tdp:
    """Guess the TDP of a whole machine that no list knows.

    Source: client parts are sold at 65 W up to 8 cores and 105 to 125 W above (Intel
    and AMD data sheets, 2017 to 2024); Arm and Apple client parts at about 3 W a core.
    """
    low = name.lower()
    server = any(w in low for w in ("epyc", "xeon", "neoverse", "graviton", "altra"))
    if server or sockets > 1:
        tdp_w = max(40.0 * sockets, threads * watts_per_thread(name))
    elif "intel" in low or "amd" in low:
        tdp_w = 65.0 if cores <= 8 else 115.0
    else:
        tdp_w = max(5.0, 3.0 * cores)
    return Tdp(
        tdp_w=min(tdp_w, MAX_TDP_W * sockets),
        how=f"{cores:g} cores by rule",
        rel_uncertainty=RULE_REL_UNCERTAINTY,
    )


def _threads_of_model(name: str) -> int | None:
    """Return the threads of a model whose name says its cores (`64-Core`).

    Only AMD prints them; every EPYC and Ryzen of that naming has two threads a core.
    """
    cores = re.search(r"\b(\d+)-core\b", name.lower())
    return 2 * int(cores.group(1)) if cores else None


_NOISE = re.compile(
    r"\((?:r|tm|c)\)|\u00ae|\u2122|@.*$|\bwith\b.*$|\bw/.*$|\b\d+(?:st|nd|rd|th) gen\b"
    r"|\b(?:\d+|dual|quad|six|eight|twelve|sixteen)-core\b"
    r"|\b(?:cpu|apu|processors?|compute cores.*|series|x-series)\b",
    re.IGNORECASE,
)
MIN_MODEL_DIGITS = 3
"""Shorter numbers are families: `Ryzen 7`, `M2`, `version 2.5+`."""
_VENDORS = frozenset({"intel", "amd", "apple", "ampere", "arm"})


def tokens(name: str) -> frozenset[str]:
    """Return the words that tell one processor from another."""
    clean = _NOISE.sub(" ", name).lower().replace("-", " ").replace(",", " ")
    # the first Xeon E5 have a lone 0 where later ones have v2
    return frozenset(clean.split()) - {"0"}


def match_tdp(name: str, rows: Iterable[tuple[str, float]]) -> float | None:
    """Return the TDP in W of the row that names this processor, or None.

    First the same words; then the same model number with other words left out or
    added. Words with a digit (`1240`, `v2`, `e3`, `7543p`) are never crossed.
    """
    wanted = tokens(name)
    numbers = _numbers(wanted)
    rarest = max(numbers, key=_digits, default="")
    if _digits(rarest) < MIN_MODEL_DIGITS:
        return None
    best: tuple[int, float] | None = None
    for row_name, tdp_w in rows:
        # splitting 5,000 names takes 45 ms, looking for one word in them 1 ms
        if rarest not in row_name.lower() or not MIN_TDP_W <= tdp_w <= MAX_TDP_W:
            continue
        found = tokens(row_name)
        if found == wanted:
            return tdp_w
        if _numbers(found) != numbers or _contradict(wanted, found):
            continue
        common = len(found & wanted) - len(found ^ wanted)
        if best is None or (common, tdp_w) > best:
            best = (common, tdp_w)
    return best[1] if best else None


def _digits(word: str) -> int:
    return sum(c.isdigit() for c in word)


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(w for w in words if any(c.isdigit() for c in w))


def _contradict(a: frozenset[str], b: frozenset[str]) -> bool:
    """Tell whether two names state different vendors, or share no word at all."""
    if (a & _VENDORS) and (b & _VENDORS) and not (a & b & _VENDORS):
        return True
    words_a, words_b = a - _numbers(a) - _VENDORS, b - _numbers(b) - _VENDORS
    return bool(words_a and words_b) and not words_a & words_b

"""Conversion factors. Inside greenops: J, W, s, g, g/kWh; convert at the edge only."""

J_PER_WH = 3600.0
J_PER_KWH = 3.6e6
J_PER_UJ = 1e-6
J_PER_MJ = 1e-3
"""Joules per millijoule (NVML counts in mJ)."""
W_PER_MW = 1e-3
"""Watts per milliwatt (NVML reports mW)."""
G_PER_KG = 1e3
G_PER_LB = 453.59237
"""Grams per pound avoirdupois. Source: NIST Handbook 44, appendix C (exact)."""
KG_PER_T = 1e3
GB_PER_TB = 1e3
WH_PER_KWH = 1e3
KWH_PER_MWH = 1e3
KWH_PER_TWH = 1e9
G_PER_KWH_PER_LB_PER_MWH = G_PER_LB / KWH_PER_MWH
"""WattTime states marginal rates in lbs/MWh."""
G_PER_KWH_PER_KG_PER_MWH = G_PER_KG / KWH_PER_MWH
G_PER_KWH_PER_T_PER_MWH = G_PER_KG * KG_PER_T / KWH_PER_MWH
S_PER_MINUTE = 60.0
S_PER_HOUR = 3600.0
S_PER_YEAR = 365.25 * 24 * 3600.0
BYTES_PER_MIB = float(1 << 20)
BYTES_PER_GIB = float(1 << 30)

"""Reference data that another package keeps, read from its files without importing it.

The files are those of codecarbon: processor TDPs, carbon intensities of countries,
states, provinces, bidding zones, cloud regions. Nothing is kept between calls. Import
from the modules: who wants processors must not load the grids.
"""

"""Reference data: another package's files, read without importing it, and two tables.

The files are those of codecarbon: processor TDPs, carbon intensities of countries,
states, provinces, bidding zones, cloud regions; nothing of them is kept between calls.
Our own tables name the grid zones of the world, and the mixes of some states. Import
from the modules: who wants processors must not load the grids.
"""

-- What was said about the grid, when, and which footprint was computed from it. Rows are
-- only ever added: a revised figure stands beside the one it revises.
-- issued_epoch_s: NULL for a fixed table or a formula, which have no time of issue.
CREATE TABLE intensities (
    intensity_key INTEGER PRIMARY KEY,
    signal TEXT NOT NULL,
    zone TEXT NOT NULL,
    start_epoch_s FLOAT NOT NULL,
    stop_epoch_s FLOAT NOT NULL,
    intensity_g_per_kwh FLOAT NOT NULL,
    low_g_per_kwh FLOAT NOT NULL,
    high_g_per_kwh FLOAT NOT NULL,
    kind TEXT NOT NULL,
    basis TEXT NOT NULL,
    provenance TEXT NOT NULL,
    source TEXT NOT NULL,
    issued_epoch_s FLOAT,
    recorded_epoch_s FLOAT NOT NULL
);
CREATE INDEX intensities_by_zone ON intensities (zone, kind, start_epoch_s);

CREATE TABLE footprint_points (
    footprint_key INTEGER NOT NULL
        REFERENCES footprints (footprint_key) ON DELETE CASCADE,
    intensity_key INTEGER NOT NULL REFERENCES intensities (intensity_key),
    PRIMARY KEY (footprint_key, intensity_key)
) WITHOUT ROWID;

-- The job's energy by clock hour (UTC), so that a footprint can be restated without
-- reading a run's samples, or where they are gone.
CREATE TABLE energy_hours (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    hour_epoch_s FLOAT NOT NULL,
    job_energy_j FLOAT NOT NULL,
    PRIMARY KEY (run_key, hour_epoch_s)
) WITHOUT ROWID;

-- why: what a restatement was made for; NULL for the run's own first footprint.
ALTER TABLE footprints ADD COLUMN why TEXT;
ALTER TABLE footprints ADD COLUMN signal TEXT;
ALTER TABLE footprints ADD COLUMN marginal_operational_g FLOAT;
ALTER TABLE footprints ADD COLUMN marginal_operational_low_g FLOAT;
ALTER TABLE footprints ADD COLUMN marginal_operational_high_g FLOAT;
ALTER TABLE footprints ADD COLUMN marginal_intensity_g_per_kwh FLOAT;
ALTER TABLE footprints ADD COLUMN marginal_intensity_low_g_per_kwh FLOAT;
ALTER TABLE footprints ADD COLUMN marginal_intensity_high_g_per_kwh FLOAT;
ALTER TABLE footprints ADD COLUMN marginal_source TEXT;
ALTER TABLE footprints ADD COLUMN marginal_signal TEXT;

-- The first layout. Floats are J, W, s, g, g/kWh and epoch seconds (UTC); text that
-- people supply is escaped (see text.py), lists and mappings are JSON.

CREATE TABLE runs (
    run_key INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    command TEXT NOT NULL,
    cwd TEXT NOT NULL,
    host TEXT NOT NULL,
    user_name TEXT NOT NULL,
    started_epoch_s FLOAT NOT NULL,
    pid BIGINT NOT NULL,
    recorder_pid BIGINT NOT NULL,
    recorder_started_s FLOAT NOT NULL,
    recorder_namespace TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    interval_s FLOAT NOT NULL,
    project TEXT,
    team TEXT,
    zone TEXT,
    pue FLOAT,
    parent_run_id TEXT,
    machine TEXT NOT NULL,
    greenops_version TEXT NOT NULL
);
CREATE INDEX runs_by_start ON runs (started_epoch_s);
CREATE INDEX runs_by_name ON runs (name, started_epoch_s);
CREATE INDEX runs_by_project ON runs (project, started_epoch_s);
CREATE INDEX runs_by_team ON runs (team, started_epoch_s);
CREATE INDEX runs_by_user ON runs (user_name, started_epoch_s);
CREATE INDEX runs_by_host ON runs (host, started_epoch_s);

-- Runs that nobody has closed yet: a working set that stays tiny, so that looking
-- for lost runs costs nothing when there are none.
CREATE TABLE open_runs (
    run_key INTEGER PRIMARY KEY REFERENCES runs (run_key) ON DELETE CASCADE
);

CREATE TABLE tags (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    label TEXT NOT NULL,
    content TEXT NOT NULL,
    content_head TEXT NOT NULL,
    PRIMARY KEY (run_key, label)
) WITHOUT ROWID;
CREATE INDEX tags_by_content ON tags (label, content_head, run_key);

CREATE TABLE run_ends (
    run_key INTEGER PRIMARY KEY REFERENCES runs (run_key) ON DELETE CASCADE,
    status TEXT NOT NULL,
    stopped_epoch_s FLOAT NOT NULL,
    duration_s FLOAT NOT NULL,
    exit_code INTEGER,
    exit_signal INTEGER,
    notes TEXT NOT NULL,
    energy_j FLOAT,
    closed_by TEXT
);
CREATE INDEX run_ends_by_status ON run_ends (status, run_key);
CREATE INDEX run_ends_by_duration ON run_ends (duration_s);
CREATE INDEX run_ends_by_energy ON run_ends (energy_j);

CREATE TABLE devices (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    device_number INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    rel_uncertainty FLOAT NOT NULL,
    limit_w FLOAT,
    counter_period_s FLOAT,
    PRIMARY KEY (run_key, device_number)
) WITHOUT ROWID;

-- The bulk of the file: keyed by run and time, so that a run is one stretch of pages
-- and no further index is needed. method: position in model.Method, see rows.py.
CREATE TABLE samples (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    start_epoch_s FLOAT NOT NULL,
    device_number INTEGER NOT NULL,
    duration_s FLOAT NOT NULL,
    node_energy_j FLOAT NOT NULL,
    job_energy_j FLOAT NOT NULL,
    error_j FLOAT NOT NULL,
    method SMALLINT NOT NULL,
    utilization FLOAT,
    PRIMARY KEY (run_key, start_epoch_s, device_number)
) WITHOUT ROWID;

CREATE TABLE job_use (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    start_epoch_s FLOAT NOT NULL,
    duration_s FLOAT NOT NULL,
    cpu_s FLOAT NOT NULL,
    node_cpu_s FLOAT,
    rss_bytes BIGINT,
    processes INTEGER,
    PRIMARY KEY (run_key, start_epoch_s)
) WITHOUT ROWID;

CREATE TABLE marks (
    mark_key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    name TEXT NOT NULL,
    at_epoch_s FLOAT NOT NULL,
    offset_s FLOAT NOT NULL
);
CREATE INDEX marks_by_run ON marks (run_key, offset_s);

CREATE TABLE totals (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    device_number INTEGER NOT NULL,
    node_energy_j FLOAT NOT NULL,
    job_energy_j FLOAT NOT NULL,
    job_low_j FLOAT NOT NULL,
    job_high_j FLOAT NOT NULL,
    peak_w FLOAT,
    mean_utilization FLOAT,
    method SMALLINT NOT NULL,
    quality TEXT NOT NULL,
    PRIMARY KEY (run_key, device_number)
) WITHOUT ROWID;

-- Restated footprints stand beside the first; the one of the highest key counts.
CREATE TABLE footprints (
    footprint_key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    computed_epoch_s FLOAT NOT NULL,
    greenops_version TEXT NOT NULL,
    zone TEXT NOT NULL,
    intensity_source TEXT NOT NULL,
    energy_j FLOAT NOT NULL,
    energy_low_j FLOAT NOT NULL,
    energy_high_j FLOAT NOT NULL,
    facility_energy_j FLOAT NOT NULL,
    facility_energy_low_j FLOAT NOT NULL,
    facility_energy_high_j FLOAT NOT NULL,
    operational_g FLOAT NOT NULL,
    operational_low_g FLOAT NOT NULL,
    operational_high_g FLOAT NOT NULL,
    embodied_g FLOAT NOT NULL,
    embodied_low_g FLOAT NOT NULL,
    embodied_high_g FLOAT NOT NULL,
    total_g FLOAT NOT NULL,
    total_low_g FLOAT NOT NULL,
    total_high_g FLOAT NOT NULL,
    intensity_g_per_kwh FLOAT NOT NULL,
    intensity_low_g_per_kwh FLOAT NOT NULL,
    intensity_high_g_per_kwh FLOAT NOT NULL,
    pue FLOAT NOT NULL,
    pue_low FLOAT NOT NULL,
    pue_high FLOAT NOT NULL,
    water_l FLOAT,
    water_low_l FLOAT,
    water_high_l FLOAT,
    factors TEXT NOT NULL
);
CREATE INDEX footprints_by_run ON footprints (run_key, footprint_key);
CREATE INDEX footprints_by_total ON footprints (total_g);

-- Names of spool files whose content lies here already, so that a file whose removal
-- was interrupted is not counted twice.
CREATE TABLE spools_taken (
    name TEXT PRIMARY KEY,
    taken_epoch_s FLOAT NOT NULL
) WITHOUT ROWID;

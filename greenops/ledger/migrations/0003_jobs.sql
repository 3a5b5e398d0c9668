-- Jobs that wait for a place and a time: what was asked for, each step of their lives,
-- what was decided and why. All but open_jobs and open_requests is only ever added to.
-- spec is JSON without the defaults (see job_specs.py). command is what may be shown.
-- command_sealed: 1 where arguments looked like secrets; the exact ones then lie in a
-- file of the job's own folder, and nowhere here.
CREATE TABLE jobs (
    job_key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    user_name TEXT NOT NULL,
    project TEXT,
    team TEXT,
    submitted_epoch_s FLOAT NOT NULL,
    deadline_epoch_s FLOAT,
    command TEXT NOT NULL,
    command_sealed SMALLINT NOT NULL,
    spec TEXT NOT NULL,
    greenops_version TEXT NOT NULL
);
CREATE INDEX jobs_by_name ON jobs (name, job_key);
CREATE INDEX jobs_by_user ON jobs (user_name, job_key);
CREATE INDEX jobs_by_project ON jobs (project, job_key);

CREATE TABLE job_events (
    job_key INTEGER NOT NULL REFERENCES jobs (job_key) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at_epoch_s FLOAT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    attempt_id TEXT,
    place TEXT,
    facts TEXT NOT NULL,
    PRIMARY KEY (job_key, seq)
) WITHOUT ROWID;

-- Jobs that have not ended, each with its last event: a working set, so that looking
-- for something to do costs the same beside a hundred thousand jobs that are done.
CREATE TABLE open_jobs (
    job_key INTEGER PRIMARY KEY REFERENCES jobs (job_key) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL
);

CREATE TABLE job_ends (
    job_key INTEGER PRIMARY KEY REFERENCES jobs (job_key) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    ended_epoch_s FLOAT NOT NULL
);
CREATE INDEX job_ends_by_state ON job_ends (state, job_key);

-- What decisions were made on, once for all that were made on the same.
CREATE TABLE decision_inputs (
    inputs_key INTEGER PRIMARY KEY,
    content_sha256 TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL
);

CREATE TABLE decisions (
    decision_key INTEGER PRIMARY KEY,
    job_key INTEGER NOT NULL REFERENCES jobs (job_key) ON DELETE CASCADE,
    at_epoch_s FLOAT NOT NULL,
    cause TEXT NOT NULL,
    inputs_sha256 TEXT NOT NULL,
    inputs_key INTEGER NOT NULL REFERENCES decision_inputs (inputs_key),
    candidates TEXT NOT NULL,
    chosen TEXT,
    reason TEXT NOT NULL,
    predicted_saved_g FLOAT,
    greenops_version TEXT NOT NULL
);
CREATE INDEX decisions_by_job ON decisions (job_key, decision_key);

CREATE TABLE job_requests (
    request_key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key INTEGER NOT NULL REFERENCES jobs (job_key) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    by_user TEXT NOT NULL,
    asked_epoch_s FLOAT NOT NULL
);
CREATE INDEX job_requests_by_job ON job_requests (job_key, request_key);

CREATE TABLE open_requests (
    request_key INTEGER PRIMARY KEY
        REFERENCES job_requests (request_key) ON DELETE CASCADE
);

CREATE TABLE job_answers (
    request_key INTEGER PRIMARY KEY
        REFERENCES job_requests (request_key) ON DELETE CASCADE,
    answered_epoch_s FLOAT NOT NULL,
    answer TEXT NOT NULL
);

-- What a job emitted beside what running at once would have; stated anew where the
-- grid's figures were revised, the newest of a kind counts.
-- run_now_*, saved_*: NULL where the intensities of that time are not known.
CREATE TABLE job_outcomes (
    outcome_key INTEGER PRIMARY KEY,
    job_key INTEGER NOT NULL REFERENCES jobs (job_key) ON DELETE CASCADE,
    stated_epoch_s FLOAT NOT NULL,
    kind TEXT NOT NULL,
    run_ids TEXT NOT NULL,
    energy_j FLOAT NOT NULL,
    energy_low_j FLOAT NOT NULL,
    energy_high_j FLOAT NOT NULL,
    emitted_g FLOAT NOT NULL,
    emitted_low_g FLOAT NOT NULL,
    emitted_high_g FLOAT NOT NULL,
    run_now_g FLOAT,
    run_now_low_g FLOAT,
    run_now_high_g FLOAT,
    saved_g FLOAT,
    saved_low_g FLOAT,
    saved_high_g FLOAT,
    run_now_zone TEXT NOT NULL,
    run_now_start_epoch_s FLOAT NOT NULL,
    run_now_source TEXT NOT NULL,
    how TEXT NOT NULL,
    greenops_version TEXT NOT NULL
);
CREATE INDEX job_outcomes_by_job ON job_outcomes (job_key, outcome_key);

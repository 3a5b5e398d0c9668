-- What of the job itself a decision was made on: with the shared inputs, all that its
-- hash is of. Decisions from before hold nothing of it.
ALTER TABLE decisions ADD COLUMN job TEXT NOT NULL DEFAULT '{}';

-- What the decision that the job first began by expected it to save. NULL: not known.
ALTER TABLE job_outcomes ADD COLUMN promised_g FLOAT;

-- Ended jobs whose outcome is to be stated, or looked at again because the grid's
-- figures may have been revised: a working set, emptied after the last look.
CREATE TABLE outcome_looks (
    job_key INTEGER PRIMARY KEY REFERENCES jobs (job_key) ON DELETE CASCADE,
    looks INTEGER NOT NULL,
    due_epoch_s FLOAT NOT NULL
);
CREATE INDEX outcome_looks_by_due ON outcome_looks (due_epoch_s);
INSERT INTO outcome_looks (job_key, looks, due_epoch_s)
    SELECT job_key, 0, ended_epoch_s FROM job_ends;

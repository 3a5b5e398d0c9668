-- What the processes of a run counted of their training, all ranks together: sums since
-- its begin at each tick, passes over loaders, and who trained. See model.Training.
CREATE TABLE training_ticks (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    at_epoch_s FLOAT NOT NULL,
    steps BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    train_batches BIGINT NOT NULL,
    other_batches BIGINT NOT NULL,
    waited_s FLOAT NOT NULL,
    compiles BIGINT NOT NULL,
    compiled_s FLOAT NOT NULL,
    processes BIGINT NOT NULL,
    PRIMARY KEY (run_key, at_epoch_s)
) WITHOUT ROWID;
CREATE TABLE training_passes (
    run_key INTEGER NOT NULL REFERENCES runs (run_key) ON DELETE CASCADE,
    pid BIGINT NOT NULL,
    number BIGINT NOT NULL,
    trains SMALLINT NOT NULL,
    start_epoch_s FLOAT NOT NULL,
    stop_epoch_s FLOAT NOT NULL,
    batches BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    waited_s FLOAT NOT NULL,
    PRIMARY KEY (run_key, pid, number)
) WITHOUT ROWID;
CREATE TABLE training (
    run_key INTEGER PRIMARY KEY REFERENCES runs (run_key) ON DELETE CASCADE,
    first_epoch_s FLOAT NOT NULL,
    last_epoch_s FLOAT NOT NULL,
    first_steps_epoch_s TEXT NOT NULL,
    processes TEXT NOT NULL
);

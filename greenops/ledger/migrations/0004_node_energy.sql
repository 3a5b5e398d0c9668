-- What each device of a node used by clock hour (UTC), and for whom: the lines add up to
-- energy_j. A row belongs to the recorder that began it at since_epoch_s and is replaced
-- by it until the hour is over. Runs stand beside it: see model.NodeEnergy.
CREATE TABLE node_energy (
    host TEXT NOT NULL,
    hour_epoch_s FLOAT NOT NULL,
    device_id TEXT NOT NULL,
    since_epoch_s FLOAT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    rel_uncertainty FLOAT NOT NULL,
    covered_s FLOAT NOT NULL,
    energy_j FLOAT NOT NULL,
    measured_j FLOAT NOT NULL,
    found_j FLOAT NOT NULL,
    idle_j FLOAT NOT NULL,
    unattributed_j FLOAT NOT NULL,
    error_j FLOAT NOT NULL,
    PRIMARY KEY (host, hour_epoch_s, device_id, since_epoch_s)
) WITHOUT ROWID;
CREATE INDEX node_energy_by_hour ON node_energy (hour_epoch_s);

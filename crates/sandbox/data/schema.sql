-- `tasks` is the last column of `jobs`, because it is the only long column: reading other columns never touches its pages.
-- The indexes contain all columns of the conditions, so that a page reads only its own rows. Queries name the index with
-- `INDEXED BY`.
CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE job_families (
    position     INTEGER PRIMARY KEY,
    tenant       INTEGER NOT NULL REFERENCES tenants,
    external_id  TEXT NOT NULL,
    name         TEXT,
    named_by     INTEGER NOT NULL,
    last_updated INTEGER NOT NULL,
    UNIQUE (tenant, external_id)
) STRICT;
CREATE TABLE jobs (
    position      INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL REFERENCES tenants,
    external_id   TEXT NOT NULL,
    last_updated  INTEGER NOT NULL,
    job_name      TEXT,
    job_family_id TEXT,
    more          TEXT,
    tasks         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX jobs_by_id ON jobs (tenant, external_id);
CREATE INDEX jobs_in_order ON jobs (tenant, position, last_updated, job_family_id);
CREATE INDEX jobs_by_family ON jobs (tenant, job_family_id, position, last_updated);
CREATE INDEX jobs_by_update ON jobs (tenant, last_updated, external_id, job_family_id);
CREATE TABLE employees (
    position      INTEGER PRIMARY KEY,
    tenant        INTEGER NOT NULL REFERENCES tenants,
    external_id   TEXT NOT NULL,
    is_active     INTEGER NOT NULL,
    job           INTEGER NOT NULL REFERENCES jobs,
    job_family_id TEXT,
    UNIQUE (tenant, external_id)
) STRICT;
CREATE INDEX employees_in_order ON employees (tenant, position, is_active);
CREATE INDEX employees_by_family ON employees (tenant, job_family_id, position, is_active);

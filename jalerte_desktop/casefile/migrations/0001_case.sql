-- The case, its fields, and the papers as they were made.

CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    problem TEXT NOT NULL,
    country TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    closed_ns INTEGER
);

-- One active case a home, for now.
CREATE UNIQUE INDEX one_active_case ON cases ((closed_ns IS NULL)) WHERE closed_ns IS NULL;

CREATE TABLE fields (
    case_id TEXT NOT NULL REFERENCES cases (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    set_ns INTEGER NOT NULL,
    PRIMARY KEY (case_id, key)
) WITHOUT ROWID;

-- case_id is null for a paper made before there was a case.
CREATE TABLE papers (
    id TEXT PRIMARY KEY,
    case_id TEXT REFERENCES cases (id),
    kind TEXT NOT NULL,
    template TEXT NOT NULL,
    made_ns INTEGER NOT NULL,
    method TEXT NOT NULL,
    span_start_ns INTEGER NOT NULL,
    span_end_ns INTEGER NOT NULL,
    observed_s REAL NOT NULL,
    line_id TEXT NOT NULL,
    line_confirmed INTEGER NOT NULL,
    seal_sequence INTEGER,
    seal_link TEXT,
    seal_at_ns INTEGER,
    text TEXT NOT NULL
);

-- Many papers use the same incidents: each state of one is kept once, under its SHA-256.
CREATE TABLE snapshots (
    sha256 TEXT PRIMARY KEY,
    json TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE paper_incidents (
    paper_id TEXT NOT NULL REFERENCES papers (id),
    position INTEGER NOT NULL,
    role TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES snapshots (sha256),
    PRIMARY KEY (paper_id, position)
) WITHOUT ROWID;

CREATE TABLE paper_files (
    paper_id TEXT NOT NULL REFERENCES papers (id),
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (paper_id, position)
) WITHOUT ROWID;

-- Frozen means frozen.
CREATE TRIGGER papers_stay BEFORE UPDATE ON papers BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER papers_remain BEFORE DELETE ON papers BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER snapshots_stay BEFORE UPDATE ON snapshots BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER snapshots_remain BEFORE DELETE ON snapshots BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER paper_incidents_stay BEFORE UPDATE ON paper_incidents BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER paper_incidents_remain BEFORE DELETE ON paper_incidents BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER paper_files_stay BEFORE UPDATE ON paper_files BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;
CREATE TRIGGER paper_files_remain BEFORE DELETE ON paper_files BEGIN SELECT RAISE(ABORT, 'papers are frozen'); END;

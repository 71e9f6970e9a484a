-- What happened between the person and others; the alerts, the filings that carry them, and their receipts.

CREATE TABLE diary (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    kind TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    until_ns INTEGER,
    with_whom TEXT NOT NULL,
    text TEXT NOT NULL,
    promise TEXT NOT NULL,
    -- A day, as ISO 8601.
    due TEXT,
    -- 'person', or 'filing' for what a receipt put here.
    source TEXT NOT NULL,
    added_ns INTEGER NOT NULL
);

-- A draft: description is null while the program drafts it. Closed when given up.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    created_ns INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,
    since_ns INTEGER,
    until_ns INTEGER,
    description TEXT,
    closed_ns INTEGER
);

CREATE TABLE alert_attachments (
    alert_id TEXT NOT NULL REFERENCES alerts (id),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (alert_id, position)
) WITHOUT ROWID;

-- One sending of one alert by one channel. content holds the very bytes that leave, as they were shown; facts what the
-- channel needs beside them (JSON). Nothing of it may change once it is there; only the state goes on.
CREATE TABLE filings (
    id TEXT PRIMARY KEY,
    case_id TEXT REFERENCES cases (id),
    alert_id TEXT NOT NULL,
    paper_id TEXT REFERENCES papers (id),
    channel TEXT NOT NULL,
    destination TEXT NOT NULL,
    content BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    facts TEXT NOT NULL,
    prepared_ns INTEGER NOT NULL,
    state TEXT NOT NULL,
    agreed_ns INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_ns INTEGER,
    tried_ns INTEGER,
    -- Tries in a row since the back-off began anew, and whether a line is what it waits for.
    waits INTEGER NOT NULL DEFAULT 0,
    for_line INTEGER NOT NULL DEFAULT 0,
    -- Why the last try failed: a problem's code and values, as JSON.
    problem TEXT,
    ended_ns INTEGER
);

CREATE INDEX filings_by_state ON filings (state);

CREATE TABLE receipts (
    id TEXT PRIMARY KEY,
    filing_id TEXT NOT NULL REFERENCES filings (id),
    at_ns INTEGER NOT NULL,
    -- 'page' 'smtp' 'desk' 'tracking' 'person'
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    text TEXT NOT NULL,
    content BLOB,
    media_type TEXT NOT NULL
);

-- The person's own mail server; the password is in the system's keyring, never here.
CREATE TABLE mail_account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    security TEXT NOT NULL,
    user TEXT NOT NULL,
    sender TEXT NOT NULL
);

CREATE TRIGGER filings_stay BEFORE UPDATE OF id, case_id, alert_id, paper_id, channel, destination, content, sha256, facts, prepared_ns
    ON filings BEGIN SELECT RAISE(ABORT, 'what leaves is frozen'); END;
CREATE TRIGGER filings_remain BEFORE DELETE ON filings WHEN OLD.state <> 'prepared' BEGIN SELECT RAISE(ABORT, 'filings are kept'); END;
CREATE TRIGGER sent_stays BEFORE UPDATE OF state ON filings WHEN OLD.state IN ('sent', 'cancelled') AND NEW.state <> OLD.state
    BEGIN SELECT RAISE(ABORT, 'it has left, or was cancelled'); END;
CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END;
CREATE TRIGGER receipts_remain BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END;

-- What was imported. `original` names the kept file: originals/<first two digits>/<original>.age
CREATE TABLE sources(
  sid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, member TEXT NOT NULL, size INTEGER NOT NULL,
  imported INTEGER NOT NULL, original TEXT NOT NULL, sha256 TEXT NOT NULL, report TEXT NOT NULL, removed INTEGER);
-- One row a record: the current version as the pages need it. hidden: no live source gives it.
CREATE TABLE records(
  rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, hidden INTEGER NOT NULL, added INTEGER NOT NULL, src INTEGER NOT NULL,
  vers INTEGER NOT NULL, replaced INTEGER,
  ver INTEGER NOT NULL, content BLOB NOT NULL, class INTEGER NOT NULL, kind TEXT NOT NULL, fhir_id TEXT, title TEXT NOT NULL,
  code TEXT, grp TEXT, sort INTEGER NOT NULL, date TEXT, until TEXT, standing INTEGER NOT NULL, flag TEXT, outside INTEGER NOT NULL,
  number REAL, unit TEXT, encounter TEXT, enc INTEGER, full_url TEXT, ref INTEGER, ref2 INTEGER);
CREATE INDEX records_class ON records(class, sort DESC, rid DESC, standing) WHERE hidden = 0;
CREATE INDEX records_group ON records(class, grp, sort DESC, rid DESC, standing) WHERE hidden = 0 AND grp IS NOT NULL;
CREATE INDEX records_kind ON records(kind, sort DESC, rid DESC, standing) WHERE hidden = 0;
CREATE INDEX records_outside ON records(class, sort DESC, rid DESC, standing) WHERE hidden = 0 AND outside = 1;
CREATE INDEX records_added ON records(added, src, class, sort, standing) WHERE hidden = 0;
CREATE INDEX records_ref ON records(ref) WHERE ref IS NOT NULL;
CREATE INDEX records_ref2 ON records(ref2) WHERE ref2 IS NOT NULL;
CREATE INDEX records_enc ON records(enc) WHERE enc IS NOT NULL;
-- What bodies were compressed with; a frame names its dictionary.
CREATE TABLE dictionaries(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
-- The FHIR R4 JSON of each record, a zstd frame.
CREATE TABLE bodies(rid INTEGER PRIMARY KEY REFERENCES records(rid) ON DELETE CASCADE, body BLOB NOT NULL);
-- Which source gave which version of which record, in the order in which they came.
-- stamp, vno: meta.lastUpdated and meta.versionId. gone: a newer reading of the same file no longer gives it.
CREATE TABLE seen(
  rid INTEGER NOT NULL REFERENCES records(rid) ON DELETE CASCADE, seq INTEGER NOT NULL, src INTEGER NOT NULL REFERENCES sources(sid),
  ver INTEGER NOT NULL, stamp INTEGER, vno INTEGER, place TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(rid, seq)) WITHOUT ROWID;
CREATE INDEX seen_src ON seen(src, rid);
-- Versions that are not current, with the same columns. src: who gave it first. replaced: when a newer one came.
CREATE TABLE versions(
  vid INTEGER PRIMARY KEY, rid INTEGER NOT NULL REFERENCES records(rid) ON DELETE CASCADE, src INTEGER NOT NULL, replaced INTEGER, body BLOB NOT NULL,
  ver INTEGER NOT NULL, content BLOB NOT NULL, class INTEGER NOT NULL, kind TEXT NOT NULL, fhir_id TEXT, title TEXT NOT NULL,
  code TEXT, grp TEXT, sort INTEGER NOT NULL, date TEXT, until TEXT, standing INTEGER NOT NULL, flag TEXT, outside INTEGER NOT NULL,
  number REAL, unit TEXT, encounter TEXT, enc INTEGER, full_url TEXT, ref INTEGER, ref2 INTEGER, UNIQUE(rid, ver));
CREATE VIRTUAL TABLE words USING fts5(
  title, text, content='', contentless_delete=1, detail=column, tokenize='porter unicode61 remove_diacritics 2');
-- Words wait in memory for 8 MB before they become a segment of the index: fewer merges in a large import.
INSERT INTO words(words, rank) VALUES('hashsize', 8388608);
-- Small values: settings, last visit, the key of originals' names, the highest rid ever given.
CREATE TABLE notes(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inner_notes(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- GeoPackage 1.3 core tables (OGC 12-128r17, annex C), then our own.
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined cartesian'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic'),
  ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]', NULL);

CREATE TABLE liancun_project (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);

CREATE TABLE liancun_files (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, content BLOB NOT NULL);

-- Every write adds one row: its number is the revision of the project.
CREATE TABLE liancun_log (
  revision INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, "by" TEXT NOT NULL,
  action TEXT NOT NULL, scenario INTEGER, detail TEXT NOT NULL DEFAULT '{}');

CREATE TABLE liancun_settings (
  revision INTEGER PRIMARY KEY, settings TEXT NOT NULL);

CREATE TABLE liancun_corrections (
  id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, code TEXT NOT NULL, field TEXT NOT NULL,
  before TEXT NOT NULL, value TEXT NOT NULL, "by" TEXT NOT NULL, at TEXT NOT NULL,
  reason TEXT NOT NULL);

CREATE TABLE liancun_scenarios (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE,
  note TEXT NOT NULL DEFAULT '', base TEXT, created TEXT NOT NULL, created_by TEXT NOT NULL,
  revision INTEGER NOT NULL, cursor INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL,
  frozen INTEGER NOT NULL DEFAULT 0, approved_by TEXT, approved_at TEXT,
  data_revision INTEGER, removed INTEGER NOT NULL DEFAULT 0);

CREATE TABLE liancun_entries (
  id INTEGER PRIMARY KEY, scenario INTEGER NOT NULL REFERENCES liancun_scenarios(id),
  number INTEGER NOT NULL, revision INTEGER NOT NULL, entry TEXT NOT NULL, note TEXT,
  discarded INTEGER);
CREATE UNIQUE INDEX liancun_entries_in_force ON liancun_entries (scenario, number)
  WHERE discarded IS NULL;

-- What was done stays: no program can rewrite it by accident.
CREATE TRIGGER liancun_log_kept BEFORE UPDATE ON liancun_log
  BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER liancun_log_stays BEFORE DELETE ON liancun_log
  BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER liancun_files_kept BEFORE UPDATE ON liancun_files
  BEGIN SELECT RAISE(ABORT, 'input files are never changed'); END;
CREATE TRIGGER liancun_entries_kept BEFORE UPDATE OF entry, number, revision, scenario
  ON liancun_entries BEGIN SELECT RAISE(ABORT, 'entries are only added'); END;
CREATE TRIGGER liancun_entries_stay BEFORE DELETE ON liancun_entries
  BEGIN SELECT RAISE(ABORT, 'entries are only added'); END;
CREATE TRIGGER liancun_approved_entries BEFORE INSERT ON liancun_entries
  WHEN (SELECT frozen FROM liancun_scenarios WHERE id = NEW.scenario)
  BEGIN SELECT RAISE(ABORT, 'an approved version is not changed'); END;
CREATE TRIGGER liancun_approved_kept BEFORE UPDATE ON liancun_scenarios WHEN OLD.frozen
  BEGIN SELECT RAISE(ABORT, 'an approved version is not changed'); END;
CREATE TRIGGER liancun_approved_stays BEFORE DELETE ON liancun_scenarios WHEN OLD.frozen
  BEGIN SELECT RAISE(ABORT, 'an approved version is not changed'); END;

INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change)
  SELECT name, 'attributes', name, :at FROM sqlite_master
  WHERE type = 'table' AND name LIKE 'liancun_%';

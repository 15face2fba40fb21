-- Up Migration

-- Wrong passwords and access codes, counted for all control-planes together. Who it was is a digest: people type their
-- password where the user name belongs.
create table failed_attempts (
  who bytea primary key,
  count integer not null,
  until timestamptz not null
);

-- Down Migration

drop table failed_attempts;

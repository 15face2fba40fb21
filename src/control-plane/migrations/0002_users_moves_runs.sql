-- Up Migration

-- Names are known again however they are typed: "usernameKey" is the name folded (user.ts), and it is what must be unique.
alter table users
  add column name text not null default '',
  add column "usernameKey" text,
  add column "passwordVersion" integer not null default 0,
  add column "updatedAt" timestamptz not null default now();
update users set "usernameKey" = lower(normalize(username, nfc));
alter table users alter column "usernameKey" set not null, add unique ("usernameKey");

-- A student who sits somewhere holds a desktop on a worker: deleting the row would leave it there with nobody to release it.
alter table dispatches
  drop constraint "dispatches_userId_fkey",
  add foreign key ("userId") references users (id);

-- Where a student's files stayed when his worker was gone and he was seated elsewhere.
alter table dispatches add column "movedFrom" text, add column "movedAt" timestamptz;

create table reconcile_runs (
  id bigserial primary key,
  at timestamptz not null,
  outcome jsonb not null
);

-- Down Migration

drop table reconcile_runs;
alter table dispatches drop column "movedFrom", drop column "movedAt",
  drop constraint "dispatches_userId_fkey",
  add foreign key ("userId") references users (id) on delete cascade;
alter table users drop column name, drop column "usernameKey", drop column "passwordVersion", drop column "updatedAt";

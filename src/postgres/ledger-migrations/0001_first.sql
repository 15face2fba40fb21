-- Up Migration

-- A student's use of a desktop. One container serves one student once, so the container names the session.
create table vdi_worker.sessions (
  "workerCode" text not null,
  "containerId" text not null,
  "containerName" text not null,
  "examId" bigint not null,
  "userId" bigint not null,
  -- Null where the beginning was lost on the worker.
  "beganAt" timestamptz,
  source text,
  -- Null while it goes on.
  "endedAt" timestamptz,
  "endReason" text,
  primary key ("workerCode", "containerId")
);
create index sessions_student on vdi_worker.sessions ("examId", "userId");
create index sessions_open on vdi_worker.sessions ("workerCode") where "endedAt" is null;

create table vdi_worker.events (
  id uuid primary key,
  "workerCode" text not null,
  -- Grows with each event of a worker: the order in which they happened, whatever its clock did.
  seq bigint not null,
  kind text not null,
  at timestamptz not null,
  "containerId" text,
  "containerName" text,
  "desktopId" text,
  "examId" bigint,
  "userId" bigint,
  detail jsonb not null default '{}',
  "deliveredAt" timestamptz not null default now()
);
create index events_order on vdi_worker.events ("workerCode", seq);
create index events_desktop on vdi_worker.events ("workerCode", "containerId", seq);
-- A worker that starts anew tells of all its desktops again: what comes first is kept.
create unique index events_once on vdi_worker.events ("workerCode", "containerId", kind)
  where kind in ('desktop-made', 'session-began', 'session-ended', 'desktop-removed');

-- Down Migration

drop table vdi_worker.events;
drop table vdi_worker.sessions;

-- Up Migration

create table users (
  id serial primary key,
  username text not null unique check (username <> ''),
  "passwordHash" text not null,
  role text not null check (role in ('ADMIN', 'PROCTOR', 'STUDENT')),
  "createdAt" timestamptz not null default now()
);

create table exams (
  id serial primary key,
  name text not null check (name <> ''),
  description text not null default '',
  "accessCode" text not null check ("accessCode" <> ''),
  "startTime" timestamptz not null,
  "endTime" timestamptz not null,
  "isActive" boolean not null default true,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now(),
  check ("endTime" > "startTime")
);

-- The contract's table (section 2): workers may read it to learn that they are being drained.
create table worker_nodes (
  id serial primary key,
  code text not null unique check (code <> ''),
  name text not null check (name <> ''),
  "apiBaseUrl" text not null,
  "isEnabled" boolean not null default true,
  "isDraining" boolean not null default false,
  "lastHeartbeatAt" timestamptz,
  "totalCpuCores" double precision not null default 0,
  "totalMemoryMb" double precision not null default 0,
  "reservedCpuCores" double precision not null default 0,
  "reservedMemoryMb" double precision not null default 0,
  "vmCpuCores" double precision not null default 0,
  "vmMemoryMb" double precision not null default 0,
  "activeSessions" integer not null default 0,
  "maxSessions" integer not null default 0,
  metadata jsonb not null default '{}',
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);

-- Which worker a student of an exam sits on. The unique pair is what makes two joins at once one dispatch. The worker is
-- no foreign key: a dispatch to a worker that was taken out of the table is for reconcile to find, not an error.
create table dispatches (
  id bigserial primary key,
  "userId" integer not null references users (id) on delete cascade,
  "examId" integer not null references exams (id),
  "workerCode" text not null,
  state text not null check (state in ('allocating', 'active', 'releasing')),
  ip text,
  "containerId" text,
  "createdAt" timestamptz not null,
  "lastJoinedAt" timestamptz not null,
  unique ("userId", "examId")
);
create index dispatches_worker on dispatches ("workerCode");
create index dispatches_exam on dispatches ("examId");

create table exam_affinities (
  "examId" integer primary key references exams (id) on delete cascade,
  "workerCode" text not null,
  "expiresAt" timestamptz not null
);

-- Down Migration

drop table exam_affinities;
drop table dispatches;
drop table worker_nodes;
drop table exams;
drop table users;

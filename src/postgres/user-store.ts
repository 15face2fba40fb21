import type { HashedRow } from '../control-plane/import-users.ts';
import type { UserQuery, UserStore } from '../control-plane/ports.ts';
import { type ListedUser, type NewUser, type User, usernameKey } from '../control-plane/user.ts';
import type { Database, Queryable } from './database.ts';
import { FOREIGN_KEY_VIOLATION, refusal, UNIQUE_VIOLATION } from './refusal.ts';

const COLUMNS = 'id, username, name, role, "passwordHash", "passwordVersion", "createdAt", "updatedAt"';

export function userStore({ pool, inTransaction }: Pick<Database, 'pool' | 'inTransaction'>): UserStore {
  return {
    async byName(username) {
      const { rows } = await pool.query<User>(`select ${COLUMNS} from users where "usernameKey" = $1`, [
        usernameKey(username),
      ]);
      return rows[0];
    },
    async byId(id) {
      const { rows } = await pool.query<User>(`select ${COLUMNS} from users where id = $1`, [id]);
      return rows[0];
    },
    list: (query) => list(pool, query),
    async count(role) {
      const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from users where role = $1', [
        role,
      ]);
      return rows[0]?.count ?? 0;
    },
    async namesOf(ids) {
      if (ids.length === 0) return new Map();
      const { rows } = await pool.query<{ id: number; username: string }>(
        'select id, username from users where id = any($1)',
        [ids],
      );
      return new Map(rows.map(({ id, username }) => [id, username]));
    },
    create: (user) => refusal(UNIQUE_VIOLATION, 'username_taken', () => create(pool, user)),
    change: (id, fields) =>
      refusal(UNIQUE_VIOLATION, 'username_taken', () =>
        inTransaction(async (db) => {
          if (fields.role && fields.role !== 'ADMIN' && (await isLastAdmin(db, id))) return 'last_admin';
          const { username, name, role, passwordHash } = fields;
          const { rows } = await db.query<User>(
            `update users set username = coalesce($2, username), "usernameKey" = coalesce($3, "usernameKey"),
               name = coalesce($4, name), role = coalesce($5, role), "passwordHash" = coalesce($6, "passwordHash"),
               "passwordVersion" = "passwordVersion" + case when $6::text is null then 0 else 1 end, "updatedAt" = now()
             where id = $1 returning ${COLUMNS}`,
            [id, username, username === undefined ? undefined : usernameKey(username), name, role, passwordHash],
          );
          return rows[0] ?? 'not_found';
        }),
      ),
    remove: (id) =>
      refusal(FOREIGN_KEY_VIOLATION, 'user_in_use', () =>
        inTransaction(async (db) => {
          if (await isLastAdmin(db, id)) return 'last_admin';
          const { rowCount } = await db.query('delete from users where id = $1', [id]);
          return rowCount ? 'removed' : 'not_found';
        }),
      ),
    async rolesOf(keys) {
      const { rows } = await pool.query<{ key: string; role: User['role'] }>(
        'select "usernameKey" as key, role from users where "usernameKey" = any($1)',
        [keys],
      );
      return new Map(rows.map(({ key, role }) => [key, role]));
    },
    putAll: (rows, existing) =>
      inTransaction(async (db) => {
        // In one order: two imports of the same class at once would else wait for each other.
        const ordered = [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
        const updated = existing === 'update' ? await updateAll(db, ordered) : 0;
        return { created: await createAll(db, ordered), updated };
      }),
  };
}

/** The rows stay locked until the transaction ends: two who take each other's role away come one after the other. */
async function isLastAdmin(db: Queryable, id: number): Promise<boolean> {
  const { rows } = await db.query<{ id: number }>(`select id from users where role = 'ADMIN' order by id for update`);
  return rows.length === 1 && rows[0]?.id === id;
}

async function create(db: Queryable, { username, name, role, passwordHash }: NewUser): Promise<User> {
  const { rows } = await db.query<User>(
    `insert into users (username, "usernameKey", name, role, "passwordHash") values ($1, $2, $3, $4, $5)
     returning ${COLUMNS}`,
    [username, usernameKey(username), name, role, passwordHash],
  );
  return rows[0] as User;
}

async function list(db: Queryable, { text, role, after, limit }: UserQuery) {
  const wanted = `($1::text is null or role = $1)
    and ($2::text is null or strpos("usernameKey", $2) > 0 or strpos(lower(name), $2) > 0)`;
  const by = [role, text === undefined ? undefined : usernameKey(text)];
  const { rows: users } = await db.query<ListedUser>(
    `select ${COLUMNS}, (select count(*)::int from dispatches where "userId" = users.id) as sessions
     from users where ${wanted} and ($3::text is null or "usernameKey" > $3) order by "usernameKey" limit $4`,
    [...by, after, limit],
  );
  const { rows } = await db.query<{ total: number }>(`select count(*)::int as total from users where ${wanted}`, by);
  return { users, total: rows[0]?.total ?? 0 };
}

// What a row leaves open stays as it was; an administrator is nobody's to change by a list.
async function updateAll(db: Queryable, rows: readonly HashedRow[]): Promise<number> {
  const keys = rows.map(({ key }) => key);
  await db.query('select id from users where "usernameKey" = any($1) order by "usernameKey" for update', [keys]);
  const { rowCount } = await db.query(
    `update users set name = coalesce(told.name, users.name), role = coalesce(told.role, users.role),
       "passwordHash" = coalesce(told.hash, users."passwordHash"),
       "passwordVersion" = users."passwordVersion" + case when told.hash is null then 0 else 1 end, "updatedAt" = now()
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as told (key, name, role, hash)
     where users."usernameKey" = told.key and users.role <> 'ADMIN'`,
    [keys, rows.map(({ name }) => name), rows.map(({ role }) => role), rows.map(({ passwordHash }) => passwordHash)],
  );
  return rowCount ?? 0;
}

async function createAll(db: Queryable, rows: readonly HashedRow[]): Promise<number> {
  const fresh = rows.filter(({ passwordHash }) => passwordHash !== undefined);
  const { rowCount } = await db.query(
    `insert into users (username, "usernameKey", name, role, "passwordHash")
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
     on conflict ("usernameKey") do nothing`,
    [
      fresh.map(({ username }) => username),
      fresh.map(({ key }) => key),
      fresh.map(({ name }) => name ?? ''),
      fresh.map(({ role }) => role ?? 'STUDENT'),
      fresh.map(({ passwordHash }) => passwordHash),
    ],
  );
  return rowCount ?? 0;
}

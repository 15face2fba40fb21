import type { User, UserStore } from '../control-plane/ports.ts';
import type { Queryable } from './database.ts';

const COLUMNS = 'id, username, role, "passwordHash"';

export function userStore(db: Queryable): UserStore {
  return {
    async byName(username) {
      const { rows } = await db.query<User>(`select ${COLUMNS} from users where username = $1`, [username]);
      return rows[0];
    },
    async byId(id) {
      const { rows } = await db.query<User>(`select ${COLUMNS} from users where id = $1`, [id]);
      return rows[0];
    },
    async put({ username, role, passwordHash }) {
      const { rows } = await db.query<User>(
        `insert into users (username, role, "passwordHash") values ($1, $2, $3)
         on conflict (username) do update set role = excluded.role, "passwordHash" = excluded."passwordHash"
         returning ${COLUMNS}`,
        [username, role, passwordHash],
      );
      return rows[0] as User;
    },
  };
}

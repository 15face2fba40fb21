import type { Exam, ExamFields } from '../control-plane/exam.ts';
import type { ExamStore } from '../control-plane/ports.ts';
import type { Queryable } from './database.ts';
import { CHECK_VIOLATION, FOREIGN_KEY_VIOLATION, refusal } from './refusal.ts';

const COLUMNS = 'id, name, description, "accessCode", "startTime", "endTime", "isActive", "createdAt", "updatedAt"';

export function examStore(db: Queryable): ExamStore {
  return {
    async all() {
      const { rows } = await db.query<Exam>(`select ${COLUMNS} from exams order by "startTime" desc, id desc`);
      return rows;
    },
    async byId(id) {
      const { rows } = await db.query<Exam>(`select ${COLUMNS} from exams where id = $1`, [id]);
      return rows[0];
    },
    async create(exam) {
      const { rows } = await db.query<Exam>(
        `insert into exams (name, description, "accessCode", "startTime", "endTime", "isActive")
         values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
        values(exam),
      );
      return rows[0] as Exam;
    },
    // Asked of the table: two who change one end each of its time would both have been right before.
    change: (id, fields) =>
      refusal(CHECK_VIOLATION, 'end_before_start', async () => {
        const { rows } = await db.query<Exam>(
          `update exams set name = coalesce($2, name), description = coalesce($3, description),
           "accessCode" = coalesce($4, "accessCode"), "startTime" = coalesce($5, "startTime"),
           "endTime" = coalesce($6, "endTime"), "isActive" = coalesce($7, "isActive"), "updatedAt" = now()
         where id = $1 returning ${COLUMNS}`,
          [id, ...values(fields)],
        );
        return rows[0];
      }),
    // A student sits in it: the dispatch holds the row.
    remove: (id) =>
      refusal(FOREIGN_KEY_VIOLATION, 'in_use', async () => {
        const { rowCount } = await db.query('delete from exams where id = $1', [id]);
        return rowCount ? 'removed' : 'not_found';
      }),
  };
}

function values(exam: Partial<ExamFields>): unknown[] {
  return [exam.name, exam.description, exam.accessCode, exam.startTime, exam.endTime, exam.isActive];
}

import { randomBytes } from 'node:crypto'
import type { Database } from '../assertions/database.ts'

/** Runs `work` while the database refuses every write of a session, as with a full disk. */
export async function withFullDisk(database: Database, work: () => Promise<void>): Promise<void> {
  await withTrigger(database, `RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'`, work)
}

/** Runs `work` while every write of a session takes this long. */
export async function withSlowDisk(database: Database, seconds: number, work: () => Promise<void>): Promise<void> {
  await withTrigger(database, `PERFORM pg_sleep(${seconds})`, work)
}

async function withTrigger({ rows }: Database, statement: string, work: () => Promise<void>): Promise<void> {
  const name = `disk_${randomBytes(4).toString('hex')}`
  await rows(
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${statement}; RETURN coalesce(new, old); END $$`,
  )
  await rows(
    `CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE OR DELETE ON session FOR EACH ROW EXECUTE FUNCTION ${name}()`,
  )
  try {
    await work()
  } finally {
    await rows(`DROP FUNCTION ${name}() CASCADE`)
  }
}

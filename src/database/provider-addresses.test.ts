import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAddress } from './address.ts'

type Tls = 'none' | 'any server' | 'checked'

/** From the providers' documentation, with invented names, and pg's options. */
const HANDED_OUT: readonly (readonly [provider: string, address: string, tls: Tls, host: string])[] = [
  [
    'Neon',
    'postgresql://ada:pw@ep-x.eu.neon.example/shop?sslmode=require&channel_binding=require',
    'any server',
    'ep-x.eu.neon.example',
  ],
  [
    'Neon, pooled',
    'postgresql://ada:pw@ep-x-pooler.neon.example/shop?sslmode=require',
    'any server',
    'ep-x-pooler.neon.example',
  ],
  [
    'Neon, for old clients',
    'postgresql://ada:pw@ep.example/shop?sslmode=require&options=endpoint%3Dep-x',
    'any server',
    'ep.example',
  ],
  ['Supabase, direct', 'postgresql://postgres:pw@db.x.supabase.example:5432/postgres', 'none', 'db.x.supabase.example'],
  ['Supabase, session pooler', 'postgres://postgres.x:pw@eu.pooler.example:5432/postgres', 'none', 'eu.pooler.example'],
  [
    'Supabase, transaction pooler',
    'postgresql://postgres.x:pw@eu.pooler.example:6543/postgres?pgbouncer=true',
    'none',
    'eu.pooler.example',
  ],
  [
    'Supabase, by Vercel',
    'postgres://postgres.x:pw@eu.pooler.example:6543/postgres?sslmode=require&supa=base-pooler.x',
    'any server',
    'eu.pooler.example',
  ],
  [
    'Cloud SQL, socket',
    'postgres://ada:pw@/shop?host=/cloudsql/project:region:db',
    'none',
    '/cloudsql/project:region:db',
  ],
  [
    'Cloud SQL, socket in the host',
    'postgres://ada:pw@%2Fcloudsql%2Fproject%3Aregion%3Adb/shop',
    'none',
    '%2Fcloudsql%2Fproject%3Aregion%3Adb',
  ],
  ['Cloud SQL, proxy', 'postgres://ada:pw@localhost/shop', 'none', 'localhost'],
  [
    'Azure',
    'postgres://ada%40server:pw@server.azure.example:5432/shop?sslmode=require',
    'any server',
    'server.azure.example',
  ],
  ['Azure, ssl=true', 'postgres://ada:pw@server.azure.example/shop?ssl=true', 'checked', 'server.azure.example'],
  [
    'RDS',
    'postgresql://ada:pw@db.x.eu.rds.example:5432/shop?sslmode=verify-full&sslrootcert=system',
    'checked',
    'db.x.eu.rds.example',
  ],
  ['Heroku', 'postgres://ada:pw@ec2-1-2-3-4.heroku.example:5432/d4', 'none', 'ec2-1-2-3-4.heroku.example'],
  [
    'Heroku, as its documentation says',
    'postgres://ada:pw@ec2.heroku.example:5432/d4?sslmode=no-verify',
    'any server',
    'ec2.heroku.example',
  ],
  [
    'Railway, private',
    'postgresql://postgres:pw@postgres.railway.internal:5432/railway',
    'none',
    'postgres.railway.internal',
  ],
  ['Railway, public', 'postgresql://postgres:pw@x.proxy.rlwy.example:12345/railway', 'none', 'x.proxy.rlwy.example'],
  [
    'Prisma',
    'postgresql://ada:pw@db.example:5432/shop?schema=public&connection_limit=5&pool_timeout=10&connect_timeout=15',
    'none',
    'db.example',
  ],
  ['IPv6', 'postgres://ada:pw@[2001:db8::1]/shop', 'none', '[2001:db8::1]'],
  ['no password, no port', 'postgres://ada@db.example/shop', 'none', 'db.example'],
  ['an empty password', 'postgres://ada:@db.example/shop?ssl=1', 'checked', 'db.example'],
  ['escapes', 'postgres://a%40b:p%23w%2F@db.example/my%20shop?ssl=0', 'none', 'db.example'],
  ['direct TLS', 'postgres://ada:pw@db.example/shop?sslnegotiation=direct', 'checked', 'db.example'],
  ['ssl=no-verify', 'postgres://ada:pw@db.example/shop?ssl=no-verify', 'any server', 'db.example'],
]

for (const [provider, address, tls, host] of HANDED_OUT) {
  test(`${provider}: TLS ${tls}`, () => {
    const { connectionString, ssl } = readAddress(address)
    const { hostname, searchParams } = new URL(connectionString)
    assert.equal(searchParams.get('host') ?? hostname, host)
    assert.equal(ssl === false ? 'none' : ssl.rejectUnauthorized === false ? 'any server' : 'checked', tls)
    for (const name of searchParams.keys()) assert.ok(['host', 'options'].includes(name), `pg does not receive ${name}`)
  })
}

test('channel binding and direct TLS are used where the address names them', () => {
  assert.equal(readAddress('postgres://db/shop?sslmode=require&channel_binding=require').enableChannelBinding, true)
  assert.equal(readAddress('postgres://db/shop?sslnegotiation=direct').sslnegotiation, 'direct')
})

/** Addresses that pg would misread. */
const REFUSED: readonly (readonly [address: string, reason: RegExp])[] = [
  ['postgres://ada:secret@db/shop?ssl=false', /sslmode=disable/],
  ['postgres://ada:secret@db/shop?ssl=yes', /ssl that is not known/],
  ['postgres://ada:secret@db/shop?ssl=true&sslmode=disable', /both/],
  ['postgres://ada:secret@db/shop?ssl=0&sslmode=require', /both/],
  ['postgres://ada:secret@db/shop?sslmode=prefer', /sslmode/],
  ['postgres://ada:secret@db/shop?sslnegotiation=direct&sslmode=disable', /direct/],
  ['postgres://ada:secret@db/shop?channel_binding=maybe', /channel_binding/],
  ['postgres://ada:secret@db1:5432,db2:5432/shop', /several hosts/],
  ['postgres://ada:secret@db1,db2/shop', /several hosts/],
  ['postgres://ada:secret@/shop?host=db1,db2', /several hosts/],
  ['postgres://ada:secret@db/shop?target_session_attrs=standby', /target_session_attrs/],
  ['postgres://ada:secret@db/shop?client_encoding=latin1', /client_encoding/],
  ['postgres://ada:secret@db/shop?schema=other', /search_path/],
  ['postgres://ada:secret@db/shop?statement_timeout=0', /QUERY_TIMEOUT/],
  ['postgres://ada:secret@db/shop?query_timeout=0', /QUERY_TIMEOUT/],
  ['postgres://ada:secret@db/shop?sslaccept=strict', /sslmode/],
  ['postgres://ada:secret@db/shop?sslmod=require', /no meaning here/],
  ['postgres://ada:secret@db/shop?port=x', /port/],
  ['postgres://ada:secret@db/shop?host=a&host=b', /twice/],
  ['postgres://ada:secret@db/shop?sslmode=disable&sslmode=require', /twice/],
  ['postgres://ada:sec#ret@db/shop', /%23/],
  ['postgres://ada:sec%ret@db/shop', /%25/],
  ['socket:/tmp?db=shop', /Unix socket/],
]

for (const [address, reason] of REFUSED) {
  test(`${address.replace(/:sec[^@]*@/, ':…@')} is refused, and the error hides the password`, () => {
    assert.throws(
      () => readAddress(address),
      (error: Error) => reason.test(error.message) && !/sec[#%]?ret/.test(error.message),
    )
  })
}

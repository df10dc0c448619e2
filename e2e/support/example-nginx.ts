import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findNginx } from '../../cluster/nginx/nginx.ts'
import { freePort } from '../../cluster/processes/ports.ts'
import { launch, waitForLine } from '../../cluster/processes/processes.ts'
import type { AppProcess } from './app-process.ts'
import { logOf } from './app-process.ts'

/** Round robin, also for WebSockets, which the product's own nginx does not pass on. */
const conf = (port: number, replicas: readonly string[]) => `
error_log stderr notice;
pid nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream replicas { ${replicas.map((url) => `server ${new URL(url).host};`).join(' ')} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
    }
  }
}
`

/** In front of the processes of an example. */
export async function startExampleNginx(name: string, replicas: readonly string[]): Promise<AppProcess> {
  const [folder, log, port] = [`${logOf(name)}.folder`, logOf(name), await freePort()]
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'nginx.conf'), conf(port, replicas))
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const args = ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', `daemon off; ${user}`]
  const child = launch({ command: await findNginx(() => {}), args, log, errorLog: log })
  await waitForLine(child, /start worker process \d/)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await child.end()
      for (const path of [folder, log]) await rm(path, { recursive: true, force: true })
    },
  }
}

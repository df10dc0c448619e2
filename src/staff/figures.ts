/** 81920 → "80 kB" */
export function formatBytes(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1)
  const size = bytes / 1024 ** step
  return `${size < 10 && step > 0 ? size.toFixed(1) : Math.round(size)} ${UNITS[step]}`
}

/** "2 Jan 2026, 03:04 UTC", in UTC for all staff. */
export function formatMoment(date: Date): string {
  return `${MOMENT.format(date)} UTC`
}

/** Since `then`, in one unit: "45 s", "12 min", "3 h", "5 d". */
export function formatDuration(then: Date, now = new Date()): string {
  const seconds = Math.max(0, Math.round((now.getTime() - then.getTime()) / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']
